import { crc32, deflateSync } from 'node:zlib';

/** Samples of a picture, row-major; three channels are RGB. 16 bits go with one channel. */
export interface PngImage {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly data: Uint8Array | Uint16Array;
}

/** A compressed PNG: RGB, 8-bit grey or 16-bit grey. */
export function encodePng({ width, height, channels, data }: PngImage): Uint8Array {
  const bytes = data.BYTES_PER_ELEMENT;
  const step = channels * bytes;
  const row = width * step;
  const filtered = new Uint8Array(height * (row + 1));
  const line = new Uint8Array(row);
  for (let y = 0; y < height; y++) {
    const start = y * width * channels;
    if (bytes === 1) line.set((data as Uint8Array).subarray(start, start + row));
    else {
      for (let i = 0; i < width * channels; i++) {
        line[2 * i] = data[start + i]! >> 8;
        line[2 * i + 1] = data[start + i]! & 255;
      }
    }
    const at = y * (row + 1);
    filtered[at] = 1; // "Sub": what a pixel adds to its left neighbour
    for (let i = 0; i < row; i++) filtered[at + 1 + i] = line[i]! - (i < step ? 0 : line[i - step]!);
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8 * bytes, channels === 3 ? 2 : 0], 8);
  return Buffer.concat([
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(filtered, { level: 6 })),
    chunk('IEND', new Uint8Array(0)),
  ]);
}

function chunk(type: string, body: Uint8Array): Uint8Array {
  const out = Buffer.alloc(body.length + 12);
  out.writeUInt32BE(body.length, 0);
  out.write(type, 4, 'latin1');
  out.set(body, 8);
  out.writeUInt32BE(crc32(out.subarray(4, body.length + 8)), body.length + 8);
  return out;
}
