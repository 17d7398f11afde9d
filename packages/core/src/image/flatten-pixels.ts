/** 8-bit samples, row-major `[height, width, channels]`; four channels are RGB and straight (not premultiplied) alpha. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly channels: 3 | 4;
  readonly data: Uint8Array | Uint8ClampedArray;
}

/** An opaque colour, 0..255. */
export type Rgb = readonly [red: number, green: number, blue: number];

/**
 * RGB floats `[height, width, 3]` in 0..255. Transparent pixels are laid over `background` and rounded to whole numbers, so that every
 * way in (file, canvas, ImageData) gives the same values.
 */
export function flattenPixels({ channels, data, width, height }: Pixels, background: Rgb): Float32Array {
  if (channels === 3) return new Float32Array(data);
  const out = new Float32Array(width * height * 3);
  const [red, green, blue] = background;
  for (let from = 0, to = 0; to < out.length; from += 4, to += 3) {
    const alpha = data[from + 3]!;
    if (alpha === 255) {
      out[to] = data[from]!;
      out[to + 1] = data[from + 1]!;
      out[to + 2] = data[from + 2]!;
    } else {
      const rest = 255 - alpha;
      out[to] = Math.round((data[from]! * alpha + red * rest) / 255);
      out[to + 1] = Math.round((data[from + 1]! * alpha + green * rest) / 255);
      out[to + 2] = Math.round((data[from + 2]! * alpha + blue * rest) / 255);
    }
  }
  return out;
}
