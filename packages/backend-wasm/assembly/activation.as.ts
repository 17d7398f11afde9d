// Exact GELU and its gradient, elementwise over n floats. Output may be the input.
import { erfcFactor, exp4, fma4, load4, loadPart, splat, storePart } from './simd.as';

/** x Phi(x) with Phi(x) = erfc(-x / sqrt 2) / 2: no cancellation on the negative side. */
// @ts-ignore: AssemblyScript decorator
@inline
function gelu4(x: v128): v128 {
  const u = f32x4.mul(f32x4.abs(x), splat(0.70710678));
  const tail = f32x4.mul(f32x4.mul(splat(0.5), erfcFactor(u)), exp4(f32x4.neg(f32x4.mul(u, u))));
  const upper = f32x4.sub(splat(1.0), tail);
  return f32x4.mul(x, v128.bitselect(tail, upper, f32x4.lt(x, splat(0))));
}

/** Phi(x) + x phi(x); the Gaussian serves both terms. */
// @ts-ignore: AssemblyScript decorator
@inline
function slope4(x: v128): v128 {
  const u = f32x4.mul(f32x4.abs(x), splat(0.70710678));
  const gauss = exp4(f32x4.neg(f32x4.mul(u, u)));
  const tail = f32x4.mul(f32x4.mul(splat(0.5), erfcFactor(u)), gauss);
  const upper = f32x4.sub(splat(1.0), tail);
  const cdf = v128.bitselect(tail, upper, f32x4.lt(x, splat(0)));
  return fma4(f32x4.mul(x, splat(0.39894228)), gauss, cdf);
}

export function gelu(x: usize, y: usize, n: i32): void {
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    v128.store(y, gelu4(load4(x)));
    x += 16;
    y += 16;
  }
  if (i < n) storePart(y, gelu4(loadPart(x, n - i)), n - i);
}

export function geluGrad(dy: usize, x: usize, dx: usize, n: i32): void {
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    v128.store(dx, f32x4.mul(load4(dy), slope4(load4(x))));
    dy += 16;
    x += 16;
    dx += 16;
  }
  if (i < n) storePart(dx, f32x4.mul(loadPart(dy, n - i), slope4(loadPart(x, n - i))), n - i);
}

export function relu(x: usize, y: usize, n: i32): void {
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    v128.store(y, f32x4.max(load4(x), splat(0)));
    x += 16;
    y += 16;
  }
  if (i < n) storePart(y, f32x4.max(loadPart(x, n - i), splat(0)), n - i);
}

/** x [m, n] + bias [n] in place. */
export function addBias(x: usize, bias: usize, m: i32, n: i32): void {
  for (let r = 0; r < m; r++) {
    let j = 0;
    let b = bias;
    for (; j + 4 <= n; j += 4) {
      v128.store(x, f32x4.add(load4(x), load4(b)));
      x += 16;
      b += 16;
    }
    for (; j < n; j++) {
      store<f32>(x, load<f32>(x) + load<f32>(b));
      x += 4;
      b += 4;
    }
  }
}
