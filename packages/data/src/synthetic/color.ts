import type { Random } from '@glid/base';

/** Red, green, blue in 0..1, as displayed. */
export type Rgb = readonly [red: number, green: number, blue: number];

export function fromHsv(hue: number, saturation: number, value: number): Rgb {
  const channel = (n: number): number => {
    const k = (n + (hue - Math.floor(hue)) * 6) % 6;
    return value - value * saturation * Math.max(0, Math.min(k, 4 - k, 1));
  };
  return [channel(5), channel(3), channel(1)];
}

export function mix(a: Rgb, b: Rgb, t: number): Rgb {
  return [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t];
}

export function scale(a: Rgb, k: number): Rgb {
  return [a[0] * k, a[1] * k, a[2] * k];
}

/** Any hue: colour must not betray the class. */
export function anyColor(random: Random): Rgb {
  return fromHsv(random.uniform(), random.uniform(0.05, 0.9), random.uniform(0.3, 1));
}
