import type { Json, StandardIssue } from '../spec/schema.ts';

export type Path = readonly (string | number)[];

/**
 * One value of a head's configuration: how it is checked, what it is when absent, and how it is described to people.
 * Fields are made by `field.*` and collected by `defineConfig`.
 */
export interface ConfigField<Value = unknown, Optional extends boolean = boolean, Input = Value> {
  /** True when an absent value is replaced by `fallback`. */
  readonly optional: Optional;
  readonly fallback?: Value;
  /** The value, checked and completed; problems are appended to `issues` and then the returned value is meaningless. */
  read(value: unknown, path: Path, issues: StandardIssue[]): Value;
  jsonSchema(): { readonly [key: string]: Json };
  /** Never set: carries the type of what a user may write. */
  readonly '~input'?: Input;
}

/** What every field may say about itself. */
export interface FieldOptions<Value> {
  /** Taken when the field is absent; a field without one must be given. */
  readonly default?: Value;
  /** One sentence for `--help` and the JSON Schema. */
  readonly describe?: string;
}

export type HasDefault<O> = O extends { readonly default: unknown } ? true : false;

/** Names what was found, so that a message can say "got …". */
export function found(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return String(value);
  if (typeof value === 'string') return `"${value}"`;
  return Array.isArray(value)
    ? `a list of ${value.length}`
    : `${typeof value === 'object' ? 'an' : 'a'} ${typeof value}`;
}

/** Builds a field out of its check and its JSON Schema. */
export function makeField<Value, const O extends FieldOptions<Value>>(
  options: O | undefined,
  read: (value: unknown, path: Path, issues: StandardIssue[]) => Value,
  schema: { readonly [key: string]: Json },
): ConfigField<Value, HasDefault<O>> {
  const optional = options !== undefined && options.default !== undefined;
  return {
    optional: optional as HasDefault<O>,
    ...(optional ? { fallback: options.default as Value } : {}),
    read,
    jsonSchema: () => ({
      ...schema,
      ...(options?.describe ? { description: options.describe } : {}),
      ...(optional ? { default: options.default as Json } : {}),
    }),
  };
}
