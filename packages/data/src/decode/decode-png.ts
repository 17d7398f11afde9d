import { GlidError } from '@glid/base';
import { checkPixels, imageError } from './image-error.ts';
import { type PngHeader, readPngChunks } from './png-chunks.ts';
import { inflateExactly } from './png-inflate.ts';
import { passesOf, unfilter } from './png-scanlines.ts';

/** The samples of a PNG as they are stored: no gamma, no profile, no palette look-up, no scaling. */
export interface PngSamples {
  readonly width: number;
  readonly height: number;
  /** 1 (grey or palette index), 2 (grey, alpha), 3 (RGB) or 4 (RGBA). */
  readonly channels: number;
  readonly bitDepth: number;
  /** Samples are indices into the palette. */
  readonly indexed: boolean;
  /** `[H, W, channels]`. */
  readonly data: Uint8Array | Uint16Array;
}

/**
 * Exact samples of a PNG (ISO/IEC 15948: all colour types, bit depths, filters, interlacing). Label and depth maps must not
 * pass through colour management, which picture decoders apply.
 * Throws `GLID_IMAGE` for anything that is not a whole, undamaged PNG of at most `maxPixels`.
 */
export async function decodePng(bytes: Uint8Array, source: string, maxPixels: number): Promise<PngSamples> {
  try {
    const { header, data: packed } = readPngChunks(bytes, source);
    checkPixels(source, header.width, header.height, maxPixels);
    const passes = passesOf(header);
    const length = passes.reduce((sum, pass) => sum + pass.height * (pass.rowBytes + 1), 0);
    const raw = await inflateExactly(packed, length, source);
    const samples = header.width * header.height * header.channels;
    const data = header.bitDepth === 16 ? new Uint16Array(samples) : new Uint8Array(samples);
    let at = 0;
    for (const pass of passes) {
      const end = at + pass.height * (pass.rowBytes + 1);
      unfilter(raw.subarray(at, end), pass, header, source);
      unpack(raw.subarray(at, end), pass, header, data);
      at = end;
    }
    const { width, height, channels, bitDepth, colorType } = header;
    return { width, height, channels, bitDepth, indexed: colorType === 3, data };
  } catch (cause) {
    if (GlidError.isInstance(cause)) throw cause;
    throw imageError(source, 'The PNG is damaged.', 'Replace the file.', cause);
  }
}

function unpack(
  raw: Uint8Array,
  pass: ReturnType<typeof passesOf>[number],
  header: PngHeader,
  out: Uint8Array | Uint16Array,
): void {
  const { channels, bitDepth, width } = header;
  const mask = (1 << bitDepth) - 1;
  for (let row = 0; row < pass.height; row++) {
    const start = row * (pass.rowBytes + 1) + 1;
    const target = (pass.y + row * pass.dy) * width;
    if (bitDepth === 8 && pass.dx === 1) {
      out.set(raw.subarray(start, start + pass.rowBytes), target * channels);
      continue;
    }
    for (let column = 0; column < pass.width; column++) {
      const o = (target + pass.x + column * pass.dx) * channels;
      for (let c = 0; c < channels; c++) {
        const i = column * channels + c;
        if (bitDepth === 16) out[o + c] = (raw[start + i * 2]! << 8) | raw[start + i * 2 + 1]!;
        else if (bitDepth === 8) out[o + c] = raw[start + i]!;
        else {
          const bit = i * bitDepth;
          out[o + c] = (raw[start + (bit >> 3)]! >> (8 - bitDepth - (bit & 7))) & mask;
        }
      }
    }
  }
}
