import { imageError } from './image-error.ts';

/** Largest number of pixels that is read unless the caller says otherwise: 64 Mi, 768 MiB as float32 RGB. */
export const defaultMaxPixels: number = 2 ** 26;

/** The longest side that JPEG can name; nothing sensible is longer. */
const maxSide = 65535;

/** Throws `GLID_IMAGE` for sizes that are empty, fractional or absurd: the guard against decompression bombs. */
export function checkSize(width: number, height: number, maxPixels: number, image: string): void {
  const size = `${width} x ${height} pixels`;
  if (!Number.isInteger(width) || !Number.isInteger(height) || width < 0 || height < 0) {
    throw imageError(image, `${size} is not a size`, 'Pass a picture with whole, positive width and height.');
  }
  if (width === 0 || height === 0) {
    throw imageError(image, `it is empty (${size})`, 'Wait until it is loaded, or pass another picture.');
  }
  if (width > maxSide || height > maxSide || width * height > maxPixels) {
    throw imageError(
      image,
      `${size} exceed the limit of ${maxPixels} pixels and ${maxSide} a side`,
      'Scale it down, or raise `maxPixels` if you trust it.',
    );
  }
}
