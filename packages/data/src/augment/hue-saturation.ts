import { newPixels, type Pixels } from '../resample/resize-image.ts';

/**
 * Turns the hue by `turns` of a circle and multiplies the saturation by `strength` in the HSV hexcone (Smith 1978);
 * the value stays. Saturation is cut at 1. Bytes are rounded.
 */
export function shiftHueAndSaturation(image: Pixels, turns: number, strength: number): Pixels {
  const out = newPixels(image, image.length);
  const half = out instanceof Uint8Array ? 0.5 : 0;
  const turn = (turns - Math.floor(turns)) * 6;
  for (let i = 0; i < image.length; i += 3) {
    const r = image[i]!;
    const g = image[i + 1]!;
    const b = image[i + 2]!;
    const value = r > g ? Math.max(r, b) : Math.max(g, b);
    const least = r < g ? Math.min(r, b) : Math.min(g, b);
    const chroma = value - least;
    if (chroma === 0) {
      out[i] = r;
      out[i + 1] = g;
      out[i + 2] = b;
      continue;
    }
    let hue = value === r ? (g - b) / chroma : value === g ? 2 + (b - r) / chroma : 4 + (r - g) / chroma;
    hue += turn;
    if (hue < 0) hue += 6;
    else if (hue >= 6) hue -= 6;
    const stretched = chroma * strength;
    const c = Math.min(stretched, value);
    const m = value - c + half;
    const sector = Math.floor(hue);
    const rising = c * (hue - sector);
    const falling = c - rising;
    let [nr, ng, nb] = [m, m, m];
    if (sector === 0) [nr, ng] = [m + c, m + rising];
    else if (sector === 1) [nr, ng] = [m + falling, m + c];
    else if (sector === 2) [ng, nb] = [m + c, m + rising];
    else if (sector === 3) [ng, nb] = [m + falling, m + c];
    else if (sector === 4) [nr, nb] = [m + rising, m + c];
    else [nr, nb] = [m + c, m + falling];
    out[i] = nr;
    out[i + 1] = ng;
    out[i + 2] = nb;
  }
  return out;
}
