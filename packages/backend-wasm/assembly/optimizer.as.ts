// AdamW (Loshchilov and Hutter 2019) and the sum of squares for clipping.
import { at, fma4, load4, loadPart, splat, storePart, sum4 } from './simd.as';

/**
 * One parameter of n floats, out of place. keep = 1 - lr wd; rate = lr / (1 - beta1^t); root = 1 / sqrt(1 - beta2^t).
 * p' = keep p - rate m' / (root sqrt(v') + epsilon), with g scaled first.
 */
export function adamW(
  p: usize, g: usize, m: usize, v: usize, p1: usize, m1: usize, v1: usize, n: i32,
  scale: f32, keep: f32, rate: f32, root: f32, beta1: f32, rest1: f32, beta2: f32, rest2: f32, epsilon: f32,
): void {
  for (let i = 0; i < n; i += 4) {
    const left = n - i;
    const full = left >= 4;
    const gi = f32x4.mul(full ? load4(at(g, i)) : loadPart(at(g, i), left), splat(scale));
    const mi = full ? load4(at(m, i)) : loadPart(at(m, i), left);
    const vi = full ? load4(at(v, i)) : loadPart(at(v, i), left);
    const pi = full ? load4(at(p, i)) : loadPart(at(p, i), left);
    const mo = fma4(gi, splat(rest1), f32x4.mul(mi, splat(beta1)));
    const vo = fma4(f32x4.mul(gi, gi), splat(rest2), f32x4.mul(vi, splat(beta2)));
    const step = f32x4.div(f32x4.mul(mo, splat(rate)), fma4(f32x4.sqrt(vo), splat(root), splat(epsilon)));
    const po = f32x4.sub(f32x4.mul(pi, splat(keep)), step);
    if (full) {
      v128.store(at(p1, i), po);
      v128.store(at(m1, i), mo);
      v128.store(at(v1, i), vo);
    } else {
      storePart(at(p1, i), po, left);
      storePart(at(m1, i), mo, left);
      storePart(at(v1, i), vo, left);
    }
  }
}

/** Sum of squares of n floats, in double precision over blocks of 1024. */
export function squareSum(x: usize, n: i32): f64 {
  let total: f64 = 0;
  for (let start = 0; start < n; start += 1024) {
    const end = min(n, start + 1024);
    let s = splat(0);
    for (let i = start; i < end; i += 4) {
      const t = n - i >= 4 ? load4(at(x, i)) : loadPart(at(x, i), n - i);
      s = fma4(t, t, s);
    }
    total += <f64>sum4(s);
  }
  return total;
}
