import { imageError } from './image-error.ts';
import type { PngHeader } from './png-chunks.ts';

/** One of Adam7's seven passes, or the whole picture. */
export interface PngPass {
  readonly x: number;
  readonly y: number;
  readonly dx: number;
  readonly dy: number;
  readonly width: number;
  readonly height: number;
  /** Without the filter byte. */
  readonly rowBytes: number;
}

const adam7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

export function passesOf(header: PngHeader): PngPass[] {
  const bits = header.channels * header.bitDepth;
  return (header.interlaced ? adam7 : [[0, 0, 1, 1] as const])
    .map(([x, y, dx, dy]) => {
      const width = Math.max(0, Math.ceil((header.width - x) / dx));
      const height = Math.max(0, Math.ceil((header.height - y) / dy));
      return { x, y, dx, dy, width, height, rowBytes: Math.ceil((width * bits) / 8) };
    })
    .filter(({ width, height }) => width > 0 && height > 0);
}

/** Undoes the row filters of one pass, in place. */
export function unfilter(raw: Uint8Array, pass: PngPass, header: PngHeader, source: string): void {
  const step = Math.max(1, (header.channels * header.bitDepth) >> 3);
  const stride = pass.rowBytes + 1;
  for (let row = 0; row < pass.height; row++) {
    const start = row * stride + 1;
    const above = row > 0 ? start - stride : -1;
    const end = start + pass.rowBytes;
    const filter = raw[start - 1]!;
    if (filter === 0) continue;
    if (filter > 4) throw imageError(source, 'The PNG uses an unknown filter.', 'Replace the file.');
    for (let i = start; i < end; i++) {
      const a = i - start >= step ? raw[i - step]! : 0;
      const b = above < 0 ? 0 : raw[above + i - start]!;
      if (filter === 1) raw[i]! += a;
      else if (filter === 2) raw[i]! += b;
      else if (filter === 3) raw[i]! += (a + b) >> 1;
      else raw[i]! += paeth(a, b, above >= 0 && i - start >= step ? raw[above + i - start - step]! : 0);
    }
  }
}

function paeth(a: number, b: number, c: number): number {
  const pa = Math.abs(b - c);
  const pb = Math.abs(a - c);
  const pc = Math.abs(a + b - 2 * c);
  if (pa <= pb && pa <= pc) return a;
  return pb <= pc ? b : c;
}
