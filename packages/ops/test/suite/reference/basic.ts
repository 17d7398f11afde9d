/** Float64 by plain loops: the numbers that every backend is held to. */

/** `a [m, k]` `b [k, n]`. */
export function matrixProduct(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  m: number,
  k: number,
  n: number,
): Float64Array {
  const c = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let p = 0; p < k; p++) {
      const left = a[i * k + p]!;
      for (let j = 0; j < n; j++) c[i * n + j]! += left * b[p * n + j]!;
    }
  }
  return c;
}

/** Maclaurin series below 3, continued fraction of erfc above; error below 1e-12. */
export function erf(x: number): number {
  const z = Math.abs(x);
  if (z < 3) {
    let term = z;
    let total = z;
    for (let n = 1; n < 120; n++) {
      term *= -(z * z) / n;
      total += term / (2 * n + 1);
    }
    return (Math.sign(x) * 2 * total) / Math.sqrt(Math.PI);
  }
  let fraction = 0;
  for (let n = 60; n > 0; n--) fraction = n / 2 / (z + fraction);
  return Math.sign(x) * (1 - Math.exp(-z * z) / (Math.sqrt(Math.PI) * (z + fraction)));
}

export const gelu = (x: number): number => (x * (1 + erf(x / Math.SQRT2))) / 2;
export const relu = (x: number): number => Math.max(0, x);
export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
export const swish = (x: number): number => x * sigmoid(x);

export function softmaxRow(row: Float64Array): Float64Array {
  const top = row.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  // A row without any finite logit may attend nothing.
  if (top === Number.NEGATIVE_INFINITY) return new Float64Array(row.length);
  const e = row.map((v) => Math.exp(v - top));
  const total = e.reduce((a, b) => a + b, 0);
  return e.map((v) => v / total);
}

/** Normalises the entries `at` to mean 0 and variance 1 (biased), into `out`. */
export function standardise(x: Float64Array, at: readonly number[], epsilon: number, out: Float64Array): void {
  const mean = at.reduce((s, i) => s + x[i]!, 0) / at.length;
  const variance = at.reduce((s, i) => s + (x[i]! - mean) ** 2, 0) / at.length;
  for (const i of at) out[i] = (x[i]! - mean) / Math.sqrt(variance + epsilon);
}
