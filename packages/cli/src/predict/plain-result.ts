import { encodeNpy, type NpyArray } from '../files/npy.ts';
import { encodePng } from '../files/png.ts';

/** A result as JSON, and the maps that lie beside it as files. */
export interface PlainResult {
  readonly json: unknown;
  readonly files: readonly { readonly name: string; readonly bytes: Uint8Array }[];
}

/**
 * Turns what a head returns into JSON. A map of the picture's size becomes a PNG, exact for whole numbers: 8 bits a pixel, 16, or
 * R + 256 G + 65536 B; metres and other fractions up to 65.535 become thousandths in 16 bits. Maps that no PNG holds (negative or large
 * values, values that are missing, several numbers a pixel) become .npy files, bit for bit. Any other typed array becomes a list of numbers.
 *
 * @param name of the JSON file without extension; maps are called `<name>.<member>.png` or `.npy`
 */
export function plainResult(result: unknown, name: string): PlainResult {
  const files: { name: string; bytes: Uint8Array }[] = [];
  const plain = (value: unknown, member: string, size: readonly number[] | undefined): unknown => {
    if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
      const data = value as NpyArray;
      const shape = size && mapShape(data.length, size[0]!, size[1]!);
      if (!shape) return Array.from(data, (x) => (Number.isFinite(x) ? x : null));
      const png = shape.length === 2 ? encodeMap(data, shape[1]!, shape[0]!) : null;
      const file = `${name}.${member}.${png ? 'png' : 'npy'}`;
      files.push({ name: file, bytes: png ? png.bytes : encodeNpy(data, shape) });
      return { file: file.slice(file.lastIndexOf('/') + 1), ...(png ? { encoding: png.encoding } : { shape }) };
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

/** `[height, width]` or `[height, width, channels]` of an array with so many numbers; undefined for one that is no map. */
function mapShape(length: number, height: number, width: number): readonly number[] | undefined {
  const channels = length / (height * width);
  if (channels === 1) return [height, width];
  return Number.isInteger(channels) && channels > 1 ? [height, width, channels] : undefined;
}

/** Null for values that no PNG holds. */
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
