// Layer norm and group norm with biased variance, and column sums. Statistics in two passes; sums over rows are taken in
// blocks of 64 rows, so that their error grows with the number of blocks and not of rows.
import { at, fma4, load4, loadPart, splat, sum4 } from './simd.as';

const BLOCK: i32 = 64;

function rowMean(x: usize, n: i32): f32 {
  let s = splat(0);
  let i = 0;
  for (; i + 4 <= n; i += 4) s = f32x4.add(s, load4(at(x, i)));
  if (i < n) s = f32x4.add(s, loadPart(at(x, i), n - i));
  return sum4(s) / <f32>n;
}

function rowReciprocal(x: usize, n: i32, mean: f32, epsilon: f32): f32 {
  const m = splat(mean);
  let s = splat(0);
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    const d = f32x4.sub(load4(at(x, i)), m);
    s = fma4(d, d, s);
  }
  let v = sum4(s);
  for (; i < n; i++) {
    const d = load<f32>(at(x, i)) - mean;
    v += d * d;
  }
  return 1.0 / sqrt<f32>(v / <f32>n + epsilon);
}

export function layerNorm(x: usize, gamma: usize, beta: usize, y: usize, rows: i32, n: i32, epsilon: f32): void {
  for (let r = 0; r < rows; r++) {
    const mean = rowMean(x, n);
    const reciprocal = rowReciprocal(x, n, mean, epsilon);
    const m = splat(mean);
    const k = splat(reciprocal);
    let i = 0;
    for (; i + 4 <= n; i += 4) {
      const normal = f32x4.mul(f32x4.sub(load4(at(x, i)), m), k);
      v128.store(at(y, i), fma4(normal, load4(at(gamma, i)), load4(at(beta, i))));
    }
    for (; i < n; i++) {
      const normal = (load<f32>(at(x, i)) - mean) * reciprocal;
      store<f32>(at(y, i), normal * load<f32>(at(gamma, i)) + load<f32>(at(beta, i)));
    }
    x = at(x, n);
    y = at(y, n);
  }
}

/** to += from, n floats, and from = 0. */
function flush(from: usize, to: usize, n: i32): void {
  for (let i = 0; i < n; i++) store<f32>(at(to, i), load<f32>(at(to, i)) + load<f32>(at(from, i)));
  memory.fill(from, 0, (<usize>n) << 2);
}

/** `scratch` has 2 n floats. */
export function layerNormGrad(
  dy: usize, x: usize, gamma: usize, dx: usize, dgamma: usize, dbeta: usize,
  rows: i32, n: i32, epsilon: f32, scratch: usize,
): void {
  const partGamma = scratch;
  const partBeta = at(scratch, n);
  memory.fill(scratch, 0, (<usize>n) << 3);
  memory.fill(dgamma, 0, (<usize>n) << 2);
  memory.fill(dbeta, 0, (<usize>n) << 2);
  const tail = n & 3;
  const body = n - tail;
  for (let r = 0; r < rows; r++) {
    const mean = rowMean(x, n);
    const reciprocal = rowReciprocal(x, n, mean, epsilon);
    const m = splat(mean);
    const k = splat(reciprocal);
    let sumD = splat(0);
    let sumDN = splat(0);
    for (let i = 0; i < body; i += 4) {
      const g = load4(at(dy, i));
      const normal = f32x4.mul(f32x4.sub(load4(at(x, i)), m), k);
      const d = f32x4.mul(g, load4(at(gamma, i)));
      sumD = f32x4.add(sumD, d);
      sumDN = fma4(d, normal, sumDN);
      v128.store(at(partGamma, i), fma4(g, normal, load4(at(partGamma, i))));
      v128.store(at(partBeta, i), f32x4.add(load4(at(partBeta, i)), g));
    }
    let meanD = sum4(sumD);
    let meanDN = sum4(sumDN);
    for (let i = body; i < n; i++) {
      const g = load<f32>(at(dy, i));
      const normal = (load<f32>(at(x, i)) - mean) * reciprocal;
      const d = g * load<f32>(at(gamma, i));
      meanD += d;
      meanDN += d * normal;
      store<f32>(at(partGamma, i), load<f32>(at(partGamma, i)) + g * normal);
      store<f32>(at(partBeta, i), load<f32>(at(partBeta, i)) + g);
    }
    meanD /= <f32>n;
    meanDN /= <f32>n;
    const md = splat(meanD);
    const mdn = splat(meanDN);
    for (let i = 0; i < body; i += 4) {
      const normal = f32x4.mul(f32x4.sub(load4(at(x, i)), m), k);
      const d = f32x4.mul(load4(at(dy, i)), load4(at(gamma, i)));
      v128.store(at(dx, i), f32x4.mul(k, f32x4.sub(f32x4.sub(d, md), f32x4.mul(normal, mdn))));
    }
    for (let i = body; i < n; i++) {
      const normal = (load<f32>(at(x, i)) - mean) * reciprocal;
      const d = load<f32>(at(dy, i)) * load<f32>(at(gamma, i));
      store<f32>(at(dx, i), reciprocal * (d - meanD - normal * meanDN));
    }
    if ((r & (BLOCK - 1)) == BLOCK - 1) {
      flush(partGamma, dgamma, n);
      flush(partBeta, dbeta, n);
    }
    x = at(x, n);
    dy = at(dy, n);
    dx = at(dx, n);
  }
  flush(partGamma, dgamma, n);
  flush(partBeta, dbeta, n);
}

/** y[n] = sum over m rows. `scratch` has n floats. */
export function columnSum(x: usize, y: usize, m: i32, n: i32, scratch: usize): void {
  memory.fill(scratch, 0, (<usize>n) << 2);
  memory.fill(y, 0, (<usize>n) << 2);
  for (let r = 0; r < m; r++) {
    let i = 0;
    for (; i + 4 <= n; i += 4) v128.store(at(scratch, i), f32x4.add(load4(at(scratch, i)), load4(at(x, i))));
    for (; i < n; i++) store<f32>(at(scratch, i), load<f32>(at(scratch, i)) + load<f32>(at(x, i)));
    x = at(x, n);
    if ((r & (BLOCK - 1)) == BLOCK - 1) flush(scratch, y, n);
  }
  flush(scratch, y, n);
}

/** x [batch, positions, channels]; statistics over positions and channels / groups, summed in double precision.
 * `scratch` has 2 rows of `channels` floats. */
export function groupNorm(
  x: usize, gamma: usize, beta: usize, y: usize,
  batch: i32, positions: i32, channels: i32, groups: i32, epsilon: f64, scratch: usize,
): void {
  const means = scratch;
  const reciprocals = at(means, channels);
  for (let b = 0; b < batch; b++) {
    groupStatistics(x, means, reciprocals, positions, channels, groups, epsilon);
    for (let p = 0; p < positions; p++) normaliseRow(x, means, reciprocals, gamma, beta, y, p * channels, channels);
    x = at(x, positions * channels);
    y = at(y, positions * channels);
  }
}

/** One row of `n` channels, each with its own mean and reciprocal deviation. */
function normaliseRow(
  x: usize, means: usize, reciprocals: usize, gamma: usize, beta: usize, y: usize, first: i32, n: i32,
): void {
  let c = 0;
  for (; c + 4 <= n; c += 4) {
    const normal = f32x4.mul(f32x4.sub(load4(at(x, first + c)), load4(at(means, c))), load4(at(reciprocals, c)));
    v128.store(at(y, first + c), fma4(normal, load4(at(gamma, c)), load4(at(beta, c))));
  }
  for (; c < n; c++) {
    const normal = (load<f32>(at(x, first + c)) - load<f32>(at(means, c))) * load<f32>(at(reciprocals, c));
    store<f32>(at(y, first + c), normal * load<f32>(at(gamma, c)) + load<f32>(at(beta, c)));
  }
}

function rowTotal(x: usize, n: i32): f64 {
  let s = splat(0);
  let i = 0;
  for (; i + 4 <= n; i += 4) s = f32x4.add(s, load4(at(x, i)));
  if (i < n) s = f32x4.add(s, loadPart(at(x, i), n - i));
  return <f64>sum4(s);
}

function rowSquares(x: usize, n: i32, mean: f32): f64 {
  const m = splat(mean);
  let s = splat(0);
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    const d = f32x4.sub(load4(at(x, i)), m);
    s = fma4(d, d, s);
  }
  let v = sum4(s);
  for (; i < n; i++) {
    const d = load<f32>(at(x, i)) - mean;
    v += d * d;
  }
  return <f64>v;
}

/** Mean and reciprocal deviation of every group of one picture, repeated for its channels: two rows of `channels` floats. */
function groupStatistics(
  x: usize, means: usize, reciprocals: usize, positions: i32, channels: i32, groups: i32, epsilon: f64,
): void {
  const width = channels / groups;
  const size = <f64>(positions * width);
  for (let g = 0; g < groups; g++) {
    const first = at(x, g * width);
    let mean: f64 = 0;
    for (let p = 0; p < positions; p++) mean += rowTotal(at(first, p * channels), width);
    mean /= size;
    const m = <f32>mean;
    let variance: f64 = 0;
    for (let p = 0; p < positions; p++) variance += rowSquares(at(first, p * channels), width, m);
    variance = variance / size - (mean - <f64>m) * (mean - <f64>m);
    const k = <f32>(1.0 / sqrt<f64>(variance + epsilon));
    for (let c = 0; c < width; c++) {
      store<f32>(at(means, g * width + c), m);
      store<f32>(at(reciprocals, g * width + c), k);
    }
  }
}

/** dgamma and dbeta must be zero at the start. `scratch` has 8 rows of `channels` floats. */
export function groupNormGrad(
  dy: usize, x: usize, gamma: usize, dx: usize, dgamma: usize, dbeta: usize,
  batch: i32, positions: i32, channels: i32, groups: i32, epsilon: f64, scratch: usize,
): void {
  const width = channels / groups;
  const size = <f64>(positions * width);
  const means = scratch;
  const reciprocals = at(means, channels);
  const partGamma = at(reciprocals, channels);
  const partBeta = at(partGamma, channels);
  const sumGamma = at(partBeta, channels);
  const sumBeta = at(sumGamma, channels);
  const plain = at(sumBeta, channels);
  const along = at(plain, channels);
  const tail = channels & 3;
  const body = channels - tail;
  for (let b = 0; b < batch; b++) {
    groupStatistics(x, means, reciprocals, positions, channels, groups, epsilon);
    memory.fill(partGamma, 0, (<usize>channels) << 4);
    for (let p = 0; p < positions; p++) {
      for (let c = 0; c < body; c += 4) {
        const i = p * channels + c;
        const g = load4(at(dy, i));
        const normal = f32x4.mul(f32x4.sub(load4(at(x, i)), load4(at(means, c))), load4(at(reciprocals, c)));
        v128.store(at(partGamma, c), fma4(g, normal, load4(at(partGamma, c))));
        v128.store(at(partBeta, c), f32x4.add(g, load4(at(partBeta, c))));
      }
      for (let c = body; c < channels; c++) {
        const i = p * channels + c;
        const g = load<f32>(at(dy, i));
        const normal = (load<f32>(at(x, i)) - load<f32>(at(means, c))) * load<f32>(at(reciprocals, c));
        store<f32>(at(partGamma, c), load<f32>(at(partGamma, c)) + g * normal);
        store<f32>(at(partBeta, c), load<f32>(at(partBeta, c)) + g);
      }
      if ((p & (BLOCK - 1)) == BLOCK - 1) {
        flush(partGamma, sumGamma, channels);
        flush(partBeta, sumBeta, channels);
      }
    }
    flush(partGamma, sumGamma, channels);
    flush(partBeta, sumBeta, channels);
    for (let g = 0; g < groups; g++) {
      let sumD: f64 = 0;
      let sumDN: f64 = 0;
      for (let c = g * width; c < (g + 1) * width; c++) {
        const w = <f64>load<f32>(at(gamma, c));
        sumD += w * <f64>load<f32>(at(sumBeta, c));
        sumDN += w * <f64>load<f32>(at(sumGamma, c));
        store<f32>(at(dgamma, c), load<f32>(at(dgamma, c)) + load<f32>(at(sumGamma, c)));
        store<f32>(at(dbeta, c), load<f32>(at(dbeta, c)) + load<f32>(at(sumBeta, c)));
      }
      for (let c = g * width; c < (g + 1) * width; c++) {
        store<f32>(at(plain, c), <f32>(sumD / size));
        store<f32>(at(along, c), <f32>(sumDN / size));
      }
    }
    for (let p = 0; p < positions; p++) {
      for (let c = 0; c < body; c += 4) {
        const i = p * channels + c;
        const k = load4(at(reciprocals, c));
        const normal = f32x4.mul(f32x4.sub(load4(at(x, i)), load4(at(means, c))), k);
        const d = f32x4.sub(f32x4.mul(load4(at(dy, i)), load4(at(gamma, c))), load4(at(plain, c)));
        v128.store(at(dx, i), f32x4.mul(k, f32x4.sub(d, f32x4.mul(normal, load4(at(along, c))))));
      }
      for (let c = body; c < channels; c++) {
        const i = p * channels + c;
        const k = load<f32>(at(reciprocals, c));
        const normal = (load<f32>(at(x, i)) - load<f32>(at(means, c))) * k;
        const d = load<f32>(at(dy, i)) * load<f32>(at(gamma, c)) - load<f32>(at(plain, c));
        store<f32>(at(dx, i), k * (d - normal * load<f32>(at(along, c))));
      }
    }
    x = at(x, positions * channels);
    dy = at(dy, positions * channels);
    dx = at(dx, positions * channels);
  }
}
