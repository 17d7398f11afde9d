import { GlidError } from '@glid/base';

/** A `GLID_IMAGE` error that names the picture. */
export function imageError(source: string, what: string, fix: string, cause?: unknown): GlidError {
  return new GlidError('GLID_IMAGE', `${source}: ${what}`, {
    fix,
    details: { source },
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Refuses pictures of no pixels and image bombs. */
export function checkPixels(source: string, width: number, height: number, maxPixels: number): void {
  if (!(width > 0 && height > 0)) {
    throw imageError(source, `The picture is ${width} x ${height} pixels.`, 'Replace the file.');
  }
  if (width * height > maxPixels) {
    throw imageError(
      source,
      `The picture has ${width} x ${height} pixels; the limit is ${maxPixels}.`,
      'Shrink it, or raise `maxPixels`.',
    );
  }
}
