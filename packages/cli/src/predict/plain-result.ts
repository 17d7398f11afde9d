import { encodePng } from '../files/png.ts';

/** A result as JSON, and the maps that lie beside it as PNG files. */
export interface PlainResult {
  readonly json: unknown;
  readonly files: readonly { readonly name: string; readonly bytes: Uint8Array }[];
}

/**
 * Turns what a head returns into JSON. A map of the picture's size becomes a PNG, exact for whole numbers: 8 bits a pixel, 16, or
 * R + 256 G + 65536 B; metres and other fractions become thousandths in 16 bits. Any other typed array becomes a list of numbers.
 *
 * @param name of the JSON file without extension; maps are called `<name>.<member>.png`
 */
export function plainResult(result: unknown, name: string): PlainResult {
  const files: { name: string; bytes: Uint8Array }[] = [];
  const plain = (value: unknown, member: string, size: readonly number[] | undefined): unknown => {
    if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
      const data = value as Float32Array;
      const map = size && size[0]! * size[1]! === data.length ? encodeMap(data, size[1]!, size[0]!) : null;
      if (!map) return Array.from(data, (x) => (Number.isFinite(x) ? x : null));
      const file = `${name}.${member}.png`;
      files.push({ name: file, bytes: map.bytes });
      return { file: file.slice(file.lastIndexOf('/') + 1), encoding: map.encoding };
    }
    if (Array.isArray(value)) return value.map((item) => plain(item, member, size));
    if (typeof value !== 'object' || value === null) return value;
    const own = sizeIn(value) ?? size;
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, plain(item, key === 'data' ? member : key, own)]),
    );
  };
  return { json: plain(result, 'map', undefined), files };
}

function sizeIn(value: object): readonly number[] | undefined {
  const { size } = value as { readonly size?: unknown };
  return Array.isArray(size) && size.length === 2 ? (size as number[]) : undefined;
}

/** Null for values that no encoding holds. */
function encodeMap(
  data: ArrayLike<number>,
  width: number,
  height: number,
): { bytes: Uint8Array; encoding: string } | null {
  let [least, most, whole] = [0, 0, true];
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    if (!Number.isFinite(value)) return null;
    if (value < least) least = value;
    if (value > most) most = value;
    if (!Number.isInteger(value)) whole = false;
  }
  if (least < 0) return null;
  const png = (samples: Uint8Array | Uint16Array, channels: 1 | 3): Uint8Array =>
    encodePng({ width, height, channels, data: samples });
  if (!whole || data instanceof Float32Array) {
    if (most > 65.535) return null;
    return {
      bytes: png(
        Uint16Array.from(data, (value) => Math.round(1000 * value)),
        1,
      ),
      encoding: 'thousandths',
    };
  }
  if (most < 256) return { bytes: png(Uint8Array.from(data), 1), encoding: 'value' };
  if (most < 65536) return { bytes: png(Uint16Array.from(data), 1), encoding: 'value' };
  if (most >= 2 ** 24) return null;
  const rgb = new Uint8Array(3 * data.length);
  for (let i = 0; i < data.length; i++) rgb.set([data[i]! & 255, (data[i]! >> 8) & 255, data[i]! >> 16], 3 * i);
  return { bytes: png(rgb, 3), encoding: 'R + 256 G + 65536 B' };
}
