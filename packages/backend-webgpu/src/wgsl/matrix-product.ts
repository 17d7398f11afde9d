/** Rows, columns and inner length of the tile that a workgroup of 8 x 8 invocations works on; each has 4 x 4 sums in registers. */
export const tile = 32;

export interface Operand {
  readonly name: 'a' | 'b';
  /** Stored with the inner axis last: `[outer, inner]`; else `[inner, outer]`. */
  readonly innerLast: boolean;
  /** Rows are a multiple of four long: the buffer is seen as `vec4`s. */
  readonly wide: boolean;
  /** Stored as 16-bit floats, four an element; such rows are always wide. */
  readonly half?: boolean;
}

export interface ProductCode {
  readonly a: Operand;
  readonly b: Operand;
  /** The result's rows are a multiple of four long. */
  readonly wideOut: boolean;
  readonly bias: boolean;
  readonly activation: 'none' | 'relu' | 'gelu';
  readonly preactivation: boolean;
  readonly rolled: boolean;
}

/**
 * `y [batch, m, n] = activation(a b + bias)`. Blocks of 4 x 4 numbers go to shared memory, turned where needed so that a vector runs along the
 * outer axis: `aTile[k][m / 4]`, `bTile[k][n / 4]`. With `splits` > 1 a workgroup sums only its part of the inner axis, and `y` has a
 * result a part.
 */
export function matrixProduct({ a, b, wideOut, bias, activation, preactivation, rolled }: ProductCode): string {
  return `
var<workgroup> aTile: array<array<vec4<f32>, ${tile / 4}>, ${tile}>;
var<workgroup> bTile: array<array<vec4<f32>, ${tile / 4}>, ${tile}>;
${loadFour(a)}
${loadFour(b)}
${fillTile(a)}
${fillTile(b)}
${storeFour('y', wideOut)}
${preactivation ? storeFour('z', wideOut) : ''}
fn finish(row: u32, column: u32, base: u32, sums: vec4<f32>) {
  if (row >= params.m || column >= params.n) { return; }
  let at = base + row * params.n + column;
  var value = sums;
  ${bias ? 'for (var e = 0u; e < 4u; e++) { value[e] += bias[min(column + e, params.n - 1u)]; }' : ''}
  ${preactivation ? 'store_z(at, column, value);' : ''}
  ${activation === 'relu' ? 'value = max(value, vec4(0.0));' : ''}
  ${activation === 'gelu' ? 'value *= vec4(cumulative(value.x), cumulative(value.y), cumulative(value.z), cumulative(value.w));' : ''}
  store_y(at, column, value);
}
fn kernel(group: u32, lane: u32) {
  let columns = (params.n + ${tile - 1}u) / ${tile}u;
  let rows = (params.m + ${tile - 1}u) / ${tile}u;
  let block = group / (rows * columns);
  if (block >= params.batch * params.splits) { return; }
  let batch = block / params.splits;
  let part = block % params.splits;
  let firstRow = ((group / columns) % rows) * ${tile}u;
  let firstColumn = (group % columns) * ${tile}u;
  let end = min(params.k, (part + 1u) * params.partLength);
  var sum0 = vec4(0.0);
  var sum1 = vec4(0.0);
  var sum2 = vec4(0.0);
  var sum3 = vec4(0.0);
  for (var first = part * params.partLength; first < end; first += ${tile}u) {
    fill_a(batch * params.strideA, firstRow, params.m, first, end, lane);
    fill_b(batch * params.strideB, firstColumn, params.n, first, end, lane);
    workgroupBarrier();
    for (var k = 0u; k < ${rolled ? 'params.tile' : `${tile}u`}; k++) {
      let left = aTile[k][lane / 8u];
      let right = bTile[k][lane % 8u];
      sum0 += left.x * right;
      sum1 += left.y * right;
      sum2 += left.z * right;
      sum3 += left.w * right;
    }
    workgroupBarrier();
  }
  let base = block * params.m * params.n;
  let row = firstRow + 4u * (lane / 8u);
  let column = firstColumn + 4u * (lane % 8u);
  finish(row, column, base, sum0);
  finish(row + 1u, column, base, sum1);
  finish(row + 2u, column, base, sum2);
  finish(row + 3u, column, base, sum3);
}`;
}

/** Four numbers of a stored row, from column `at` on; zero outside. The inner axis ends at `end`, which limits rows or columns. */
function loadFour({ name, wide, half }: Operand): string {
  const at = `${name}[(base + row * width + column) / 4u]`;
  const body = wide
    ? `return ${half ? `widened(${at})` : at};`
    : `var four = vec4(0.0);
  for (var e = 0u; e < min(4u, columns - column); e++) { four[e] = ${name}[base + row * width + column + e]; }
  return four;`;
  return `
fn load_${name}(base: u32, row: u32, column: u32, rows: u32, columns: u32, width: u32) -> vec4<f32> {
  if (row >= rows || column >= columns) { return vec4(0.0); }
  ${body}
}`;
}

/** Each invocation brings one block of 4 x 4; neighbours bring neighbouring vectors of a stored row. */
function fillTile({ name, innerLast }: Operand): string {
  const load = (i: number): string =>
    innerLast
      ? `load_${name}(base, outer + ${i}u, inner, outerCount, end, params.k)`
      : `load_${name}(base, inner + ${i}u, outer, end, outerCount, outerCount)`;
  const [fast, slow] = innerLast ? ['innerBlock', 'outerBlock'] : ['outerBlock', 'innerBlock'];
  return `
fn fill_${name}(base: u32, outerFirst: u32, outerCount: u32, innerFirst: u32, end: u32, lane: u32) {
  let ${fast} = lane % 8u;
  let ${slow} = lane / 8u;
  let outer = outerFirst + 4u * outerBlock;
  let inner = innerFirst + 4u * innerBlock;
  let stored = mat4x4<f32>(${[0, 1, 2, 3].map(load).join(', ')});
  let block = ${innerLast ? 'transpose(stored)' : 'stored'};
  for (var i = 0u; i < 4u; i++) { ${name}Tile[4u * innerBlock + i][outerBlock] = block[i]; }
}`;
}

function storeFour(name: string, wide: boolean): string {
  return `
fn store_${name}(at: u32, column: u32, value: vec4<f32>) {
  ${wide ? `${name}[at / 4u] = value;` : `for (var e = 0u; e < min(4u, params.n - column); e++) { ${name}[at + e] = value[e]; }`}
}`;
}
