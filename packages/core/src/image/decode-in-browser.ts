import { checkSize } from './check-size.ts';
import { type CreateContext2d, createContext2d, type ImageBitmapLike } from './drawable.ts';
import type { Pixels } from './flatten-pixels.ts';
import { imageError } from './image-error.ts';
import { readDrawable } from './read-drawable.ts';
import { sniffSize } from './sniff-size.ts';

/** What a browser needs to decode a picture; replaced in tests. */
export interface BrowserDecoder {
  readonly createImageBitmap?:
    | ((
        blob: Blob,
        options: { imageOrientation: 'from-image'; premultiplyAlpha: 'none'; colorSpaceConversion: 'default' },
      ) => Promise<ImageBitmapLike>)
    | undefined;
  readonly createContext2d: CreateContext2d;
}

/** How much of a file is looked at for its size: EXIF, colour profile and thumbnail come before it in a JPEG. */
const headBytes = 2 ** 20;

/** Decodes a picture file with the browser's decoder, EXIF orientation and colour profile applied. */
export async function decodeInBrowser(
  file: Blob,
  maxPixels: number,
  decoder: BrowserDecoder = { createImageBitmap: globalThis.createImageBitmap, createContext2d },
): Promise<Pixels> {
  const image = 'picture file';
  if (file.size === 0) throw imageError(image, 'it has no bytes', 'Pass a whole picture file.');
  // Taken out of the record, because the browser's function refuses any other `this` than its own.
  const { createImageBitmap } = decoder;
  if (!createImageBitmap) {
    throw imageError(image, 'this browser has no createImageBitmap', 'Decode it yourself and pass ImageData.');
  }
  const size = sniffSize(new Uint8Array(await file.slice(0, headBytes).arrayBuffer()));
  if (size) checkSize(size.width, size.height, maxPixels, image);
  let bitmap: ImageBitmapLike;
  try {
    bitmap = await createImageBitmap(file, {
      imageOrientation: 'from-image',
      premultiplyAlpha: 'none',
      colorSpaceConversion: 'default',
    });
  } catch (cause) {
    throw imageError(image, 'the browser cannot decode it', 'Pass a whole JPEG, PNG, WebP or AVIF file.', cause);
  }
  try {
    return await readDrawable(bitmap, maxPixels, decoder.createContext2d);
  } finally {
    bitmap.close();
  }
}
