import { largestChroma, oklch } from './colors.ts';

let table: Uint8Array | undefined;

/**
 * 256 colours, `[256, 3]`, for values from low to high: lightness rises evenly from dark violet over blue-green to pale yellow
 * (in OKLCH), so that equal steps of the value look equal, also without colour vision and in grey.
 */
export function colorMap(): Uint8Array {
  if (table) return table;
  const shades = Array.from({ length: 256 }, (_, i) => ({
    lightness: 0.22 + (0.72 * i) / 255,
    hue: 300 - (195 * i) / 255,
  }));
  const limits = shades.map(({ lightness, hue }) => Math.min(0.14, 0.97 * largestChroma(lightness, hue)));
  // A smooth chroma below the limits: corners of the displayable colours would show as edges.
  const least = around(limits, (near) => Math.min(...near));
  const chroma = around(least, (near) => near.reduce((a, b) => a + b, 0) / near.length);
  table = Uint8Array.from(shades.flatMap(({ lightness, hue }, i) => oklch(lightness, chroma[i]!, hue)));
  return table;
}

function around(values: readonly number[], f: (near: readonly number[]) => number): number[] {
  const reach = 20;
  return values.map((_, i) => f(values.slice(Math.max(0, i - reach), i + reach + 1)));
}

/** Index into the colour map of a value in `[low, high]`; values outside take the first or last colour, NaN the first. */
export function colorIndex(value: number, low: number, high: number): number {
  const t = (value - low) / (high - low || 1);
  return t > 0 ? Math.min(255, Math.round(t * 255)) : 0;
}
