import type { RgbImage } from '@glid/base';
import { type AnyHead, drawRgba, type RgbaImage } from '@glid/head-kit';
import { encodePng } from '../files/png.ts';

/** What a head found, drawn over the picture, as a PNG; null for a head that draws nothing. */
export function annotate(image: RgbImage, head: AnyHead, result: unknown, scale = 1): Uint8Array | null {
  if (!head.draw) return null;
  const canvas = enlarged(image, scale);
  drawRgba(canvas, head.draw(result), { scale });
  return encodePng({ width: canvas.width, height: canvas.height, channels: 3, data: withoutAlpha(canvas) });
}

/** Nearest neighbour, by a whole factor. */
function enlarged({ width, height, data }: RgbImage, scale: number): RgbaImage {
  const out = new Uint8Array(width * scale * height * scale * 4);
  for (let y = 0, o = 0; y < height * scale; y++) {
    const row = Math.floor(y / scale) * width;
    for (let x = 0; x < width * scale; x++, o += 4) {
      const i = 3 * (row + Math.floor(x / scale));
      out[o] = data[i]!;
      out[o + 1] = data[i + 1]!;
      out[o + 2] = data[i + 2]!;
      out[o + 3] = 255;
    }
  }
  return { width: width * scale, height: height * scale, data: out };
}

function withoutAlpha({ data }: RgbaImage): Uint8Array {
  const out = new Uint8Array((data.length / 4) * 3);
  for (let i = 0, o = 0; i < data.length; i += 4, o += 3) {
    out[o] = data[i]!;
    out[o + 1] = data[i + 1]!;
    out[o + 2] = data[i + 2]!;
  }
  return out;
}
