/** Shapes and strides after adjacent axes that all operands walk alike have been merged: most cases become rank 1 to 3. */
export interface Collapsed {
  readonly dims: readonly number[];
  /** One list an operand; 0 where it is repeated. */
  readonly strides: readonly (readonly number[])[];
}

/** Merges axes of `dims`; `strides` of the same length, one list an operand. */
export function collapse(dims: readonly number[], strides: readonly (readonly number[])[]): Collapsed {
  const merged: number[] = [];
  const kept: number[][] = strides.map(() => []);
  for (const [axis, size] of dims.entries()) {
    if (size === 1) continue;
    const last = merged.length - 1;
    const joins = last >= 0 && strides.every((s, k) => kept[k]![last] === s[axis]! * size);
    if (joins) merged[last] = merged[last]! * size;
    else merged.push(size);
    for (const [k, s] of strides.entries()) kept[k]![merged.length - 1] = s[axis]!;
  }
  return { dims: merged, strides: kept };
}

/** Strides of a dense operand inside a broadcast of shape `out`. */
export function broadcastStrides(shape: readonly number[], out: readonly number[]): number[] {
  const strides = new Array<number>(out.length).fill(0);
  let product = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis + out.length - shape.length] = shape[axis] === 1 ? 0 : product;
    product *= shape[axis]!;
  }
  return strides;
}

/**
 * C code that turns the linear index `i` into one offset an operand: `int at_<name>`. Sizes and strides are int parameters, so that one
 * program serves every shape of a rank.
 */
export function offsetCode(rank: number, names: readonly string[]): { parameters: string; code: string } {
  const parameters: string[] = [];
  for (let axis = 1; axis < rank; axis++) parameters.push(`int size${axis}`);
  for (const name of names) for (let axis = 0; axis < rank; axis++) parameters.push(`int ${name}_stride${axis}`);
  const lines = [`    int rest = i; ${names.map((name) => `int at_${name} = 0;`).join(' ')}`];
  for (let axis = rank - 1; axis > 0; axis--) {
    const moves = names.map((name) => `at_${name} += place * ${name}_stride${axis};`).join(' ');
    lines.push(`    { int next = rest / size${axis}, place = rest - next * size${axis}; rest = next; ${moves} }`);
  }
  if (rank > 0) lines.push(`    ${names.map((name) => `at_${name} += rest * ${name}_stride0;`).join(' ')}`);
  return { parameters: parameters.map((text) => `, ${text}`).join(''), code: lines.join('\n') };
}

/** The values of `offsetCode`'s parameters. */
export function offsetValues({ dims, strides }: Collapsed): number[] {
  return [...dims.slice(1), ...strides.flat()];
}
