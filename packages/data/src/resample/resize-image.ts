import type { AxisGeometry, Fill } from '../geometry/geometry.ts';
import { isUnscaled } from '../geometry/geometry.ts';
import { filterWeights } from './filter-weights.ts';

export type Pixels = Uint8Array | Float32Array;

/**
 * Applies an axis geometry to a picture `[H, W, 3]`: separable, antialiased, columns first, sums in float32 and
 * rounded once (Pillow rounds between the passes too, so results differ from it by at most one level).
 */
export function resizeImage(image: Pixels, imageWidth: number, geometry: AxisGeometry): Pixels {
  const [height, width] = geometry.output;
  const out = newPixels(image, height * width * 3);
  const { window } = geometry;
  if (window.width < width || window.height < height) fillPixels(out, geometry.fill);
  if (isUnscaled(geometry)) copyPixels(image, imageWidth, geometry, out);
  else scalePixels(image, imageWidth, geometry, out);
  return out;
}

export function newPixels(like: Pixels, length: number): Pixels {
  return like instanceof Uint8Array ? new Uint8Array(length) : new Float32Array(length);
}

export function fillPixels(out: Pixels, fill: Fill): void {
  for (let i = 0; i < out.length; i += 3) {
    out[i] = fill[0];
    out[i + 1] = fill[1];
    out[i + 2] = fill[2];
  }
}

function copyPixels(image: Pixels, imageWidth: number, g: AxisGeometry, out: Pixels): void {
  const { window, source } = g;
  const left = source.x + (g.flip ? source.width - window.x - window.width : window.x);
  for (let y = 0; y < window.height; y++) {
    const from = ((source.y + window.y + y) * imageWidth + left) * 3;
    const to = y * g.output[1] * 3;
    if (!g.flip) {
      out.set(image.subarray(from, from + window.width * 3), to);
      continue;
    }
    for (let x = 0, i = to, j = from + (window.width - 1) * 3; x < window.width; x++, i += 3, j -= 3) {
      out[i] = image[j]!;
      out[i + 1] = image[j + 1]!;
      out[i + 2] = image[j + 2]!;
    }
  }
}

function scalePixels(image: Pixels, imageWidth: number, g: AxisGeometry, out: Pixels): void {
  const { window, source, resized, filter } = g;
  const across = filterWeights(source.width, resized[1], window.x, window.width, filter, g.flip);
  const down = filterWeights(source.height, resized[0], window.y, window.height, filter, false);
  const last = window.height - 1;
  const top = down.first[0]!;
  const bottom = down.first[last]! + down.count[last]!;
  const row = window.width * 3;
  const columns = new Float32Array((bottom - top) * row);
  for (let y = top; y < bottom; y++) {
    const base = ((source.y + y) * imageWidth + source.x) * 3;
    let o = (y - top) * row;
    for (let x = 0; x < window.width; x++, o += 3) {
      let i = base + across.first[x]! * 3;
      const begin = x * across.stride;
      const end = begin + across.count[x]!;
      let r = 0;
      let gr = 0;
      let b = 0;
      for (let k = begin; k < end; k++, i += 3) {
        const w = across.weights[k]!;
        r += w * image[i]!;
        gr += w * image[i + 1]!;
        b += w * image[i + 2]!;
      }
      columns[o] = r;
      columns[o + 1] = gr;
      columns[o + 2] = b;
    }
  }
  const whole = out instanceof Uint8Array;
  const sums = new Float32Array(row);
  for (let y = 0; y < window.height; y++) {
    sums.fill(0);
    const first = down.first[y]! - top;
    for (let k = 0; k < down.count[y]!; k++) {
      const w = down.weights[y * down.stride + k]!;
      const from = (first + k) * row;
      for (let x = 0; x < row; x++) sums[x]! += w * columns[from + x]!;
    }
    const to = y * g.output[1] * 3;
    if (whole) {
      for (let x = 0; x < row; x++) {
        const v = sums[x]! + 0.5;
        out[to + x] = v <= 0 ? 0 : v >= 255 ? 255 : v | 0;
      }
    } else out.set(sums, to);
  }
}
