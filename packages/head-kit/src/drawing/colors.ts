export type Rgb = readonly [red: number, green: number, blue: number];

/** sRGB bytes of a colour in OKLCH (Ottosson 2020): lightness 0..1, chroma, hue in degrees; chroma is lowered until it is displayable. */
export function oklch(lightness: number, chroma: number, hue: number): Rgb {
  return at(lightness, Math.min(chroma, largestChroma(lightness, hue)), hue).map(encode) as unknown as Rgb;
}

/** The most colourful that sRGB shows of a lightness and hue. */
export function largestChroma(lightness: number, hue: number): number {
  let [low, high] = [0, 0.4];
  for (let k = 0; k < 20; k++) {
    const middle = (low + high) / 2;
    if (at(lightness, middle, hue).every((v) => v >= 0 && v <= 1)) low = middle;
    else high = middle;
  }
  return low;
}

function at(lightness: number, chroma: number, hue: number): [number, number, number] {
  const angle = (hue * Math.PI) / 180;
  return linearRgb(lightness, chroma * Math.cos(angle), chroma * Math.sin(angle));
}

function linearRgb(lightness: number, a: number, b: number): [number, number, number] {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
}

function encode(linear: number): number {
  const v = Math.min(1, Math.max(0, linear));
  return Math.round(255 * (v <= 0.0031308 ? 12.92 * v : 1.055 * v ** (1 / 2.4) - 0.055));
}

/** A colour, three numbers in 0..255, as CSS writes it: `#rrggbb`. */
export function toHex([red, green, blue]: Rgb): string {
  return `#${[red, green, blue].map((v) => v.toString(16).padStart(2, '0')).join('')}`;
}

/** Reads `#rgb` and `#rrggbb`; null for anything else. */
export function parseHex(color: string): Rgb | null {
  const long = /^#[0-9a-f]{3}$/i.test(color) ? color.replace(/[0-9a-f]/gi, '$&$&') : color;
  if (!/^#[0-9a-f]{6}$/i.test(long)) return null;
  return [1, 3, 5].map((k) => Number.parseInt(long.slice(k, k + 2), 16)) as unknown as Rgb;
}

const goldenAngle = 137.50776405003785;

/** The n-th of a series of colours in which near ones differ in hue by the golden angle, and in lightness by turns. */
export function distinctColor(index: number): Rgb {
  return oklch([0.72, 0.6, 0.82, 0.66][index % 4]!, 0.17, 29 + index * goldenAngle);
}

/** The colour of a label: the same everywhere, from its letters (FNV-1a). */
export function labelColor(label: string): Rgb {
  let hash = 0x811c9dc5;
  for (const letter of label) hash = Math.imul(hash ^ letter.codePointAt(0)!, 0x01000193) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 0;
  return distinctColor((hash >>> 8) % 360);
}

/** Black or white, whichever is easier to read on a colour. */
export function inkOn([red, green, blue]: Rgb): Rgb {
  const decode = (v: number): number => (v <= 10 ? v / 3294 : ((v / 255 + 0.055) / 1.055) ** 2.4);
  const luminance = 0.2126 * decode(red) + 0.7152 * decode(green) + 0.0722 * decode(blue);
  return luminance > 0.18 ? [0, 0, 0] : [255, 255, 255];
}
