/** How a foreign tensor's axes become ours. */
type Layout =
  /** As it is. */
  | 'same'
  /** Linear kernel `[out, in]` -> `[in, out]`. */
  | 'linear'
  /** Convolution kernel `[out, in, height, width]` -> `[height, width, in, out]`. */
  | 'convolution'
  /** `[(2w-1)^2, heads]`; resized when another window is asked for. */
  | 'relativePosition';

/** How often a rule applies: once, for every block, for every stage but the last (patch merging), or for every stage. */
type Occurrence = 'once' | 'block' | 'merge' | 'stage';

/**
 * One line of a rename table. `{s}`, `{s+1}`, `{b}` and `{last}` stand for the stage, the next stage, the block and the last stage.
 * Several sources are joined along their first axis (`[out, in]`: the outputs), before the layout changes.
 */
export interface RenameRule {
  readonly from: readonly string[];
  readonly to: string;
  readonly as: Layout;
  readonly each: Occurrence;
  /** May be absent from a file, then our parameter keeps its initial value. */
  readonly optional?: true;
  /** The classifier's norm after the last stage, which competes with that stage's own output norm. */
  readonly finalNorm?: true;
}

/** Keys that are left behind, and why; the pattern sees the key without the file's prefix. */
export interface IgnoreRule {
  readonly pattern: RegExp;
  readonly reason: string;
}

/** Everything there is to know about one naming scheme. */
export interface RenameTable {
  readonly scheme: SwinScheme;
  /** The key that every file of the scheme has; what stands before it is the file's prefix. */
  readonly anchor: string;
  readonly rules: readonly RenameRule[];
  readonly ignored: readonly IgnoreRule[];
  /** Keys of models that are not this architecture. */
  readonly refused: readonly IgnoreRule[];
}

export type SwinScheme = 'timm' | 'microsoft' | 'huggingFace';

/** Puts indices into a template. */
export function fillTemplate(
  template: string,
  at: { readonly s: number; readonly b: number; readonly last: number },
): string {
  return template
    .replace('{s+1}', String(at.s + 1))
    .replace('{s}', String(at.s))
    .replace('{b}', String(at.b))
    .replace('{last}', String(at.last));
}

/** Rules for one module with weight and bias. */
export function withBias(
  from: readonly string[],
  to: string,
  as: Layout,
  each: Occurrence,
  more: Pick<RenameRule, 'optional' | 'finalNorm'> = {},
): RenameRule[] {
  const norm = as === 'same';
  return [
    { from: from.map((name) => `${name}.weight`), to: `${to}.${norm ? 'gamma' : 'kernel'}`, as, each, ...more },
    { from: from.map((name) => `${name}.bias`), to: `${to}.${norm ? 'beta' : 'bias'}`, as: 'same', each, ...more },
  ];
}
