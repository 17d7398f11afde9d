/** Parameter names by pattern: `*` stands for any characters, dots too; everything else is literal. `encoder.*`, `*.bias`. */
export type NamePattern = string | RegExp;

/** Whether the whole of `name` fits any of the patterns. */
export function matchesAny(name: string, patterns: readonly NamePattern[]): boolean {
  return patterns.some((pattern) => (typeof pattern === 'string' ? globOf(pattern) : pattern).test(name));
}

function globOf(pattern: string): RegExp {
  const literal = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${literal.join('.*')}$`);
}
