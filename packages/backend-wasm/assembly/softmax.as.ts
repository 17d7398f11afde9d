// Row softmax, plain and with what attention adds to its logits.
import { at, exp4, fma4, load4, loadPart, max4, splat, storePart, sum4 } from './simd.as';

// @ts-ignore: AssemblyScript decorator
@inline
function hidden(mask: usize, i: i32): v128 {
  return f32x4.eq(load4(at(mask, i)), splat(0));
}

/**
 * p[0..n) = softmax(scale p + bias) over the visible entries, 0 elsewhere and everywhere when none is visible.
 * `bias`, `maskA` and `maskB` are rows of n floats or 0; a mask hides where it is 0. The row must be padded: it is read and
 * written up to the next multiple of 4, and so are the masks and the bias read.
 */
export function softmaxRow(p: usize, n: i32, scale: f32, bias: usize, maskA: usize, maskB: usize): void {
  const lowest = splat(-3.4028235e38);
  const factor = splat(scale);
  let top = lowest;
  const body = n & ~3;
  for (let i = 0; i < n; i += 4) {
    let t = f32x4.mul(load4(at(p, i)), factor);
    if (bias) t = f32x4.add(t, load4(at(bias, i)));
    if (maskA) t = v128.bitselect(lowest, t, hidden(maskA, i));
    if (maskB) t = v128.bitselect(lowest, t, hidden(maskB, i));
    if (i == body) {
      // Lanes past the end.
      t = f32x4.replace_lane(t, 3, -3.4028235e38);
      if (n - i < 3) t = f32x4.replace_lane(t, 2, -3.4028235e38);
      if (n - i < 2) t = f32x4.replace_lane(t, 1, -3.4028235e38);
    }
    v128.store(at(p, i), t);
    top = f32x4.max(top, t);
  }
  const peak = max4(top);
  if (peak == -3.4028235e38) {
    memory.fill(p, 0, (<usize>((n + 3) & ~3)) << 2);
    return;
  }
  const m = splat(peak);
  let total = splat(0);
  for (let i = 0; i < n; i += 4) {
    const e = exp4(f32x4.sub(load4(at(p, i)), m));
    v128.store(at(p, i), e);
    total = f32x4.add(total, e);
  }
  const k = splat(1.0 / sum4(total));
  for (let i = 0; i < n; i += 4) v128.store(at(p, i), f32x4.mul(load4(at(p, i)), k));
}

/** p = weights, d = their gradient: d[0..n) becomes the gradient of the logits. Rows padded as above, padding of p zero. */
export function softmaxRowGrad(p: usize, d: usize, n: i32): void {
  let total = splat(0);
  for (let i = 0; i < n; i += 4) total = fma4(load4(at(p, i)), load4(at(d, i)), total);
  const s = splat(sum4(total));
  for (let i = 0; i < n; i += 4) v128.store(at(d, i), f32x4.mul(load4(at(p, i)), f32x4.sub(load4(at(d, i)), s)));
}

/** Softmax over the last axis: x [rows, n] -> y [rows, n]. */
export function softmax(x: usize, y: usize, rows: i32, n: i32): void {
  for (let r = 0; r < rows; r++) {
    let top = splat(-Infinity);
    let i = 0;
    for (; i + 4 <= n; i += 4) top = f32x4.max(top, load4(at(x, i)));
    let peak = max4(top);
    for (; i < n; i++) peak = max(peak, load<f32>(at(x, i)));
    const m = splat(peak);
    let total = splat(0);
    for (i = 0; i + 4 <= n; i += 4) {
      const e = exp4(f32x4.sub(load4(at(x, i)), m));
      v128.store(at(y, i), e);
      total = f32x4.add(total, e);
    }
    let sum = sum4(total);
    if (i < n) {
      const e = exp4(f32x4.sub(loadPart(at(x, i), n - i), m));
      storePart(at(y, i), e, n - i);
      sum += f32x4.extract_lane(e, 0);
      if (n - i > 1) sum += f32x4.extract_lane(e, 1);
      if (n - i > 2) sum += f32x4.extract_lane(e, 2);
    }
    const k = splat(1.0 / sum);
    for (i = 0; i + 4 <= n; i += 4) v128.store(at(y, i), f32x4.mul(load4(at(y, i)), k));
    for (; i < n; i++) store<f32>(at(y, i), load<f32>(at(y, i)) / sum);
    x = at(x, n);
    y = at(y, n);
  }
}
