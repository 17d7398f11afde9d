// Rows picked, summed and scaled.
import { at, fma4, load4, splat } from './simd.as';

/** y[o, i, :] = x[o, ids[i], :] of 32-bit values; returns the first index outside [0, size), or -1. */
export function gather(x: usize, ids: usize, y: usize, outer: i32, size: i32, inner: i32, count: i32): i32 {
  for (let i = 0; i < count; i++) {
    if (<u32>load<i32>(at(ids, i)) >= <u32>size) return i;
  }
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < count; i++) {
      const p = at(x, load<i32>(at(ids, i)) * inner);
      if (inner >= 32) {
        memory.copy(y, p, (<usize>inner) << 2);
      } else {
        let c = 0;
        for (; c + 4 <= inner; c += 4) v128.store(at(y, c), load4(at(p, c)));
        for (; c < inner; c++) store<u32>(at(y, c), load<u32>(at(p, c)));
      }
      y = at(y, inner);
    }
    x = at(x, size * inner);
  }
  return -1;
}

/** y[ids[i]] += x[i], rows of `inner` floats; ids out of range are ignored. y is zero at the start. */
export function segmentSum(x: usize, ids: usize, y: usize, rows: i32, inner: i32, segments: i32): void {
  for (let i = 0; i < rows; i++) {
    const s = load<i32>(at(ids, i));
    if (s >= 0 && s < segments) addScaled(at(x, i * inner), at(y, s * inner), inner, 1.0);
  }
}

/** y += factor x over n floats: the scatter step of resize gradients. */
export function addScaled(x: usize, y: usize, n: i32, factor: f32): void {
  const f = splat(factor);
  let c = 0;
  for (; c + 4 <= n; c += 4) v128.store(at(y, c), fma4(load4(at(x, c)), f, load4(at(y, c))));
  for (; c < n; c++) store<f32>(at(y, c), load<f32>(at(y, c)) + load<f32>(at(x, c)) * factor);
}
