import type { AffineGeometry } from '../geometry/geometry.ts';
import { newPixels, type Pixels } from './resize-image.ts';

/** Applies an affine geometry to a picture `[H, W, 3]`, bilinear; beyond the border lies the fill colour. */
export function warpImage(image: Pixels, imageHeight: number, imageWidth: number, geometry: AffineGeometry): Pixels {
  const [height, width] = geometry.output;
  const [a, b, c, d, e, f] = geometry.matrix;
  const [red, green, blue] = geometry.fill;
  const out = newPixels(image, height * width * 3);
  const half = out instanceof Uint8Array ? 0.5 : 0;
  const rowStep = imageWidth * 3;
  for (let y = 0, o = 0; y < height; y++) {
    for (let x = 0; x < width; x++, o += 3) {
      const sx = a * (x + 0.5) + b * (y + 0.5) + c - 0.5;
      const sy = d * (x + 0.5) + e * (y + 0.5) + f - 0.5;
      const x0 = Math.floor(sx);
      const y0 = Math.floor(sy);
      const u = sx - x0;
      const v = sy - y0;
      const left = x0 >= 0 && x0 < imageWidth;
      const right = x0 >= -1 && x0 < imageWidth - 1;
      const above = y0 >= 0 && y0 < imageHeight;
      const below = y0 >= -1 && y0 < imageHeight - 1;
      const w00 = left && above ? (1 - u) * (1 - v) : 0;
      const w01 = right && above ? u * (1 - v) : 0;
      const w10 = left && below ? (1 - u) * v : 0;
      const w11 = right && below ? u * v : 0;
      const outside = 1 - w00 - w01 - w10 - w11;
      let r = outside * red;
      let g = outside * green;
      let bl = outside * blue;
      const i = y0 * rowStep + x0 * 3;
      if (w00 > 0) {
        r += w00 * image[i]!;
        g += w00 * image[i + 1]!;
        bl += w00 * image[i + 2]!;
      }
      if (w01 > 0) {
        r += w01 * image[i + 3]!;
        g += w01 * image[i + 4]!;
        bl += w01 * image[i + 5]!;
      }
      const j = i + rowStep;
      if (w10 > 0) {
        r += w10 * image[j]!;
        g += w10 * image[j + 1]!;
        bl += w10 * image[j + 2]!;
      }
      if (w11 > 0) {
        r += w11 * image[j + 3]!;
        g += w11 * image[j + 4]!;
        bl += w11 * image[j + 5]!;
      }
      out[o] = r + half;
      out[o + 1] = g + half;
      out[o + 2] = bl + half;
    }
  }
  return out;
}
