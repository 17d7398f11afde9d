/** Queries (or keys) that one workgroup serves at a time. */
export const lanes = 64;

/**
 * Attention without ever storing the weights (Milakov & Gimelshein 2018; Dao et al. 2022). Each invocation owns one row (a query, or a
 * key in `keyPass`), whose vectors stay in its registers; the other side's rows are read by all invocations of a workgroup together.
 *
 * Buffers of rows hold `V`s: four channels where a head has a multiple of four, else one. Addresses count `V`s. The kernel around
 * declares, for the problem that its own variables select:
 * - `fn queryAt(i: u32) -> u32`, `keyAt(j)`, `valueAt(j)`, `outAt(i)`: a row's first element in the buffers of `from`, and in `y` or `dy`;
 * - `fn logit(i: u32, j: u32, dot: f32) -> f32`: the scaled product with bias, or `hidden` when j may not be attended;
 * - `const hidden = -1e30;`
 */
export interface AttentionRows {
  /** Channels a head. */
  readonly size: number;
  /** The buffers that hold queries, keys and values. */
  readonly from: { readonly q: string; readonly k: string; readonly v: string };
  /** Loops over channels are bounded by `params.groups`, not by a constant (see `Launcher.software`). */
  readonly rolled: boolean;
}

/** Channels in one `V`. */
export function vectorWidth(size: number): 1 | 4 {
  return size % 4 === 0 ? 4 : 1;
}

/** Types and helpers of the passes: once a shader, before them. */
export function rows({ size, rolled }: AttentionRows): string {
  const width = vectorWidth(size);
  return `
alias V = ${width === 4 ? 'vec4<f32>' : 'f32'};
alias Row = array<V, ${size / width}>;
${rolled ? 'fn groups() -> u32 { return params.groups; }' : `fn groups() -> u32 { return ${size / width}u; }`}
fn along(a: V, b: V) -> f32 { return ${width === 4 ? 'dot(a, b)' : 'a * b'}; }`;
}

const eachGroup = (body: string): string => `for (var g = 0u; g < groups(); g++) { ${body} }`;

/** `forwardPass(i, keyCount)` writes `y` at `outAt(i)`. */
export function forwardPass({ from: { q, k, v } }: AttentionRows): string {
  return `
fn forwardPass(i: u32, keyCount: u32) {
  var query: Row;
  let queryRow = queryAt(i);
  ${eachGroup(`query[g] = ${q}[queryRow + g];`)}
  var sum: Row;
  var highest = hidden;
  var total = 0.0;
  for (var j = 0u; j < keyCount; j++) {
    let keyRow = keyAt(j);
    var product = 0.0;
    ${eachGroup(`product += along(query[g], ${k}[keyRow + g]);`)}
    let s = logit(i, j, product);
    if (s > hidden) {
      let level = max(s, highest);
      let shrink = exp(highest - level);
      let p = exp(s - level);
      highest = level;
      total = total * shrink + p;
      let valueRow = valueAt(j);
      ${eachGroup(`sum[g] = sum[g] * shrink + p * ${v}[valueRow + g];`)}
    }
  }
  let part = select(0.0, 1.0 / total, total > 0.0);
  let outRow = outAt(i);
  ${eachGroup('y[outRow + g] = sum[g] * part;')}
}`;
}

/**
 * `queryPass(i, keyCount)` writes dq at `dqAt(i)` of buffer `out`, and hands two numbers of the row to `keepStatistics(i, vec2)`: the logarithm
 * of its sum of exponentials, and a = sum_j P_ij dP_ij. Where a row has no visible key the first is 1e30, so that its weights come out as 0.
 */
export function queryPass({ from: { q, k, v } }: AttentionRows, out: string): string {
  return `
fn queryPass(i: u32, keyCount: u32) {
  var query: Row;
  var gradient: Row;
  let queryRow = queryAt(i);
  let outRow = outAt(i);
  ${eachGroup(`query[g] = ${q}[queryRow + g]; gradient[g] = dy[outRow + g];`)}
  // sum_j P_ij dP_ij k_j and sum_j P_ij k_j in one go: dq = scale (first - a second).
  var first: Row;
  var second: Row;
  var highest = hidden;
  var total = 0.0;
  var a = 0.0;
  for (var j = 0u; j < keyCount; j++) {
    let keyRow = keyAt(j);
    let valueRow = valueAt(j);
    var product = 0.0;
    var dp = 0.0;
    ${eachGroup(`product += along(query[g], ${k}[keyRow + g]); dp += along(gradient[g], ${v}[valueRow + g]);`)}
    let s = logit(i, j, product);
    if (s > hidden) {
      let level = max(s, highest);
      let shrink = exp(highest - level);
      let p = exp(s - level);
      highest = level;
      total = total * shrink + p;
      a = a * shrink + p * dp;
      ${eachGroup(`
        let key = ${k}[keyRow + g];
        first[g] = first[g] * shrink + (p * dp) * key;
        second[g] = second[g] * shrink + p * key;
      `)}
    }
  }
  let seen = total > 0.0;
  let part = select(0.0, 1.0 / total, seen);
  a *= part;
  keepStatistics(i, vec2(select(1e30, highest + log(max(total, 1e-30)), seen), a));
  let at = dqAt(i);
  ${eachGroup(`${out}[at + g] = (first[g] - a * second[g]) * (part * params.scale);`)}
}`;
}

/**
 * `keyPass(j, queryCount)` writes dk at `dkAt(j)` of buffer `dkOut` and dv at `dvAt(j)` of `dvOut`, from `statisticsOf(i)`;
 * `keepLogitGradient(i, j, value)` sees every pair.
 */
export function keyPass({ from: { q, k, v } }: AttentionRows, dkOut: string, dvOut: string): string {
  return `
fn keyPass(j: u32, queryCount: u32) {
  var key: Row;
  var value: Row;
  let keyRow = keyAt(j);
  let valueRow = valueAt(j);
  ${eachGroup(`key[g] = ${k}[keyRow + g]; value[g] = ${v}[valueRow + g];`)}
  var sum: Row;
  var weighted: Row;
  for (var i = 0u; i < queryCount; i++) {
    let queryRow = queryAt(i);
    let outRow = outAt(i);
    var product = 0.0;
    var dp = 0.0;
    ${eachGroup(`product += along(key[g], ${q}[queryRow + g]); dp += along(value[g], dy[outRow + g]);`)}
    let s = logit(i, j, product);
    var ds = 0.0;
    if (s > hidden) {
      let row = statisticsOf(i);
      let p = exp(s - row.x);
      ds = p * (dp - row.y);
      ${eachGroup(`sum[g] += ds * ${q}[queryRow + g]; weighted[g] += p * dy[outRow + g];`)}
    }
    keepLogitGradient(i, j, ds);
  }
  let dkRow = dkAt(j);
  let dvRow = dvAt(j);
  ${eachGroup(`${dkOut}[dkRow + g] = sum[g] * params.scale; ${dvOut}[dvRow + g] = weighted[g];`)}
}`;
}
