import { dataError, type RgbImage } from '@glid/base';
import { type DecodeOptions, decodeImage } from '../decode/decode-image.ts';
import type { FileSource, ReadOptions } from '../files/file-source.ts';

export const pictureExtensions: readonly string[] = [
  '.jpg',
  '.jpeg',
  '.png',
  '.webp',
  '.bmp',
  '.gif',
  '.tif',
  '.tiff',
  '.avif',
];

export function isPicture(name: string): boolean {
  const lower = name.toLowerCase();
  return pictureExtensions.some((extension) => lower.endsWith(extension));
}

/** File name without folder and extension. */
export function stemOf(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const dot = name.lastIndexOf('.');
  return dot > 0 ? name.slice(0, dot) : name;
}

export interface PictureOptions extends Pick<DecodeOptions, 'maxPixels'>, ReadOptions {
  /** What the annotation file says; another size is an error. */
  readonly expected?: { readonly width: number; readonly height: number };
}

/** Reads and decodes a picture. */
export async function readPicture(files: FileSource, path: string, options: PictureOptions = {}): Promise<RgbImage> {
  const source = `${files.name}/${path}`;
  const bytes = await files.read(path, options);
  const image = await decodeImage(bytes, {
    source,
    ...(options.maxPixels === undefined ? {} : { maxPixels: options.maxPixels }),
  });
  const { expected } = options;
  if (expected && (expected.width !== image.width || expected.height !== image.height)) {
    throw dataError(
      { source, field: 'size', expected: [expected.width, expected.height], got: [image.width, image.height] },
      `the picture is ${image.width} x ${image.height} (upright), its annotations are for ${expected.width} x ${expected.height}.`,
      'Correct the size, or re-save the picture upright without EXIF orientation.',
    );
  }
  return image;
}
