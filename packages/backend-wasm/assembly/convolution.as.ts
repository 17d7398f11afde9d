// Gradients of convolutions, NHWC. Dense convolutions go through im2col / col2im and a matrix product; depthwise ones
// (channel multiplier 1) run tap by tap over whole channel rows.
import { at, fma4, load4 } from './simd.as';

/** y += a b over n floats. */
// @ts-ignore: AssemblyScript decorator
@inline
function addProduct(a: usize, b: usize, y: usize, n: i32): void {
  let c = 0;
  for (; c + 4 <= n; c += 4) v128.store(at(y, c), fma4(load4(at(a, c)), load4(at(b, c)), load4(at(y, c))));
  for (; c < n; c++) store<f32>(at(y, c), load<f32>(at(y, c)) + load<f32>(at(a, c)) * load<f32>(at(b, c)));
}

// @ts-ignore: AssemblyScript decorator
@inline
function addRow(x: usize, y: usize, n: i32): void {
  let c = 0;
  for (; c + 4 <= n; c += 4) v128.store(at(y, c), f32x4.add(load4(at(x, c)), load4(at(y, c))));
  for (; c < n; c++) store<f32>(at(y, c), load<f32>(at(y, c)) + load<f32>(at(x, c)));
}

/**
 * Patches of `rows` output rows of one picture, starting at output row `firstRow`:
 * x [H, W, C] -> columns [rows * outW, kh * kw * C], zeros outside.
 */
export function im2col(
  x: usize, columns: usize, height: i32, width: i32, channels: i32, outW: i32, firstRow: i32, rows: i32,
  kh: i32, kw: i32, strideH: i32, strideW: i32, dilationH: i32, dilationW: i32, top: i32, left: i32,
): void {
  const bytes = (<usize>channels) << 2;
  for (let oy = firstRow; oy < firstRow + rows; oy++) {
    for (let ox = 0; ox < outW; ox++) {
      for (let fy = 0; fy < kh; fy++) {
        const y = oy * strideH - top + fy * dilationH;
        for (let fx = 0; fx < kw; fx++) {
          const sx = ox * strideW - left + fx * dilationW;
          if (y < 0 || y >= height || sx < 0 || sx >= width) memory.fill(columns, 0, bytes);
          else memory.copy(columns, at(x, (y * width + sx) * channels), bytes);
          columns += bytes;
        }
      }
    }
  }
}

/** The transposed operation: adds columns [rows * outW, kh * kw * C] into dx [H, W, C]. */
export function col2im(
  columns: usize, dx: usize, height: i32, width: i32, channels: i32, outW: i32, firstRow: i32, rows: i32,
  kh: i32, kw: i32, strideH: i32, strideW: i32, dilationH: i32, dilationW: i32, top: i32, left: i32,
): void {
  for (let oy = firstRow; oy < firstRow + rows; oy++) {
    for (let ox = 0; ox < outW; ox++) {
      for (let fy = 0; fy < kh; fy++) {
        const y = oy * strideH - top + fy * dilationH;
        for (let fx = 0; fx < kw; fx++) {
          const sx = ox * strideW - left + fx * dilationW;
          if (y >= 0 && y < height && sx >= 0 && sx < width) {
            addRow(columns, at(dx, (y * width + sx) * channels), channels);
          }
          columns = at(columns, channels);
        }
      }
    }
  }
}

/** dx [B, H, W, C] (zero at the start) out of dy [B, outH, outW, C] and filter [kh, kw, C]. */
export function depthwiseInputGrad(
  dy: usize, filter: usize, dx: usize, batch: i32, height: i32, width: i32, channels: i32, outH: i32, outW: i32,
  kh: i32, kw: i32, strideH: i32, strideW: i32, dilationH: i32, dilationW: i32, top: i32, left: i32,
): void {
  for (let b = 0; b < batch; b++) {
    for (let oy = 0; oy < outH; oy++) {
      for (let fy = 0; fy < kh; fy++) {
        const y = oy * strideH - top + fy * dilationH;
        if (y < 0 || y >= height) continue;
        for (let ox = 0; ox < outW; ox++) {
          const d = at(dy, ((b * outH + oy) * outW + ox) * channels);
          for (let fx = 0; fx < kw; fx++) {
            const sx = ox * strideW - left + fx * dilationW;
            if (sx < 0 || sx >= width) continue;
            addProduct(d, at(filter, (fy * kw + fx) * channels), at(dx, ((b * height + y) * width + sx) * channels), channels);
          }
        }
      }
    }
  }
}

/** dfilter [kh, kw, C] (zero at the start); `scratch` has kw * C floats: sums of one output row, added once a row. */
export function depthwiseFilterGrad(
  x: usize, dy: usize, dfilter: usize, batch: i32, height: i32, width: i32, channels: i32, outH: i32, outW: i32,
  kh: i32, kw: i32, strideH: i32, strideW: i32, dilationH: i32, dilationW: i32, top: i32, left: i32, scratch: usize,
): void {
  for (let b = 0; b < batch; b++) {
    for (let oy = 0; oy < outH; oy++) {
      for (let fy = 0; fy < kh; fy++) {
        const y = oy * strideH - top + fy * dilationH;
        if (y < 0 || y >= height) continue;
        memory.fill(scratch, 0, (<usize>(kw * channels)) << 2);
        for (let ox = 0; ox < outW; ox++) {
          const d = at(dy, ((b * outH + oy) * outW + ox) * channels);
          for (let fx = 0; fx < kw; fx++) {
            const sx = ox * strideW - left + fx * dilationW;
            if (sx < 0 || sx >= width) continue;
            addProduct(d, at(x, ((b * height + y) * width + sx) * channels), at(scratch, fx * channels), channels);
          }
        }
        addRow(scratch, at(dfilter, fy * kw * channels), kw * channels);
      }
    }
  }
}
