import { checkSize } from './check-size.ts';
import { type CreateContext2d, createContext2d, type Drawable } from './drawable.ts';
import type { Pixels } from './flatten-pixels.ts';
import { imageError } from './image-error.ts';

/**
 * Draws a picture on a canvas and reads its pixels. Orientation follows the browser (EXIF applied for `<img>`). Throws `GLID_IMAGE` when
 * it is not loaded, too large, or comes from another origin without permission.
 */
export async function readDrawable(
  source: Drawable,
  maxPixels: number,
  createContext: CreateContext2d = createContext2d,
): Promise<Pixels> {
  const image = nameOf(source);
  if ('naturalWidth' in source) {
    try {
      await source.decode();
    } catch (cause) {
      throw imageError(image, 'the browser could not load it', 'Check its src.', cause);
    }
  }
  // HAVE_CURRENT_DATA
  if ('videoWidth' in source && source.readyState < 2) {
    throw imageError(image, 'it has no frame yet', "Wait for its 'loadeddata' event.");
  }
  const [width, height] = sizeOf(source);
  checkSize(width, height, maxPixels, image);
  const context = createContext(width, height);
  if (!context) {
    throw imageError(image, 'there is no canvas to read it with', 'Pass ImageData or an RgbImage here.');
  }
  try {
    context.drawImage(source, 0, 0, width, height);
    const { data } = context.getImageData(0, 0, width, height, { colorSpace: 'srgb' });
    return { width, height, channels: 4, data };
  } catch (cause) {
    const tainted = (cause as { name?: unknown } | null)?.name === 'SecurityError';
    throw tainted
      ? imageError(
          image,
          'it comes from another origin and may not be read',
          "Set crossOrigin = 'anonymous' before src, and let its server allow it (CORS).",
          cause,
        )
      : imageError(image, 'it cannot be drawn', 'Wait until it is loaded, and do not close it before.', cause);
  }
}

function nameOf(source: Drawable): string {
  if ('naturalWidth' in source) return 'image element';
  if ('videoWidth' in source) return 'video element';
  if ('displayWidth' in source) return 'video frame';
  return 'getContext' in source ? 'canvas' : 'image bitmap';
}

function sizeOf(source: Drawable): readonly [width: number, height: number] {
  if ('naturalWidth' in source) return [source.naturalWidth, source.naturalHeight];
  if ('videoWidth' in source) return [source.videoWidth, source.videoHeight];
  if ('displayWidth' in source) return [source.displayWidth, source.displayHeight];
  return [source.width, source.height];
}
