// The gradient of max pooling, NHWC: each output's gradient goes to the first of the largest pixels of its window.
import { at, load4 } from './simd.as';

// @ts-ignore: AssemblyScript decorator
@inline
function add(p: usize, value: f32): void {
  store<f32>(p, load<f32>(p) + value);
}

/** dx is zero at the start. */
export function maxPoolGrad(
  dy: usize, x: usize, dx: usize, batch: i32, height: i32, width: i32, channels: i32, outH: i32, outW: i32,
  kh: i32, kw: i32, strideH: i32, strideW: i32, top: i32, left: i32,
): void {
  for (let b = 0; b < batch; b++) {
    for (let oy = 0; oy < outH; oy++) {
      const y0 = max(0, oy * strideH - top);
      const y1 = min(height, oy * strideH - top + kh);
      for (let ox = 0; ox < outW; ox++) {
        const x0 = max(0, ox * strideW - left);
        const x1 = min(width, ox * strideW - left + kw);
        if (y0 >= y1 || x0 >= x1) {
          dy = at(dy, channels);
          continue;
        }
        const first = ((b * height + y0) * width + x0) * channels;
        let c = 0;
        for (; c + 4 <= channels; c += 4) {
          let best = load4(at(x, first + c));
          let where = i32x4.splat(first);
          for (let y = y0; y < y1; y++) {
            for (let q = x0; q < x1; q++) {
              const pixel = ((b * height + y) * width + q) * channels;
              const v = load4(at(x, pixel + c));
              const larger = f32x4.gt(v, best);
              best = v128.bitselect(v, best, larger);
              where = v128.bitselect(i32x4.splat(pixel), where, larger);
            }
          }
          add(at(dx, i32x4.extract_lane(where, 0) + c), load<f32>(at(dy, c)));
          add(at(dx, i32x4.extract_lane(where, 1) + c + 1), load<f32>(at(dy, c + 1)));
          add(at(dx, i32x4.extract_lane(where, 2) + c + 2), load<f32>(at(dy, c + 2)));
          add(at(dx, i32x4.extract_lane(where, 3) + c + 3), load<f32>(at(dy, c + 3)));
        }
        for (; c < channels; c++) {
          let best = load<f32>(at(x, first + c));
          let where = first;
          for (let y = y0; y < y1; y++) {
            for (let q = x0; q < x1; q++) {
              const pixel = ((b * height + y) * width + q) * channels;
              const v = load<f32>(at(x, pixel + c));
              if (v > best) {
                best = v;
                where = pixel;
              }
            }
          }
          add(at(dx, where + c), load<f32>(at(dy, c)));
        }
        dy = at(dy, channels);
      }
    }
  }
}
