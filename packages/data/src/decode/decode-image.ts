import type { RgbImage } from '@glid/base';
import { checkPixels, imageError } from './image-error.ts';
import { imageSize } from './image-size.ts';

export interface DecodeOptions {
  /** Largest width times height. Default 100 million. */
  readonly maxPixels?: number;
  /** Names the picture in messages. */
  readonly source?: string;
}

export const defaultMaxPixels = 100_000_000;

/**
 * Any picture as 8-bit sRGB, upright: EXIF orientation applied, CMYK and grey converted, 16 bits cut to 8, transparency
 * laid on white. By sharp in Node (optional peer), by the browser's own decoder elsewhere.
 * Throws `GLID_IMAGE` for what cannot be decoded and for pictures above `maxPixels`.
 */
export async function decodeImage(bytes: Uint8Array, options: DecodeOptions = {}): Promise<RgbImage> {
  const source = options.source ?? 'picture';
  const maxPixels = options.maxPixels ?? defaultMaxPixels;
  if (bytes.length === 0) throw imageError(source, 'The file is empty.', 'Replace the file.');
  const size = imageSize(bytes);
  if (size) checkPixels(source, size.width, size.height, maxPixels);
  const { decodePicture } = await import('#platform');
  return decodePicture(bytes, source, maxPixels);
}
