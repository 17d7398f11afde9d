import { GlidError, type RgbImage } from '@glid/base';
import { checkPixels, imageError } from '../decode/image-error.ts';

/** By `createImageBitmap`, which runs off the main thread; also in web workers. */
export async function decodeWithBrowser(bytes: Uint8Array, source: string, maxPixels: number): Promise<RgbImage> {
  let bitmap: ImageBitmap | undefined;
  try {
    bitmap = await createImageBitmap(new Blob([bytes as Uint8Array<ArrayBuffer>]), {
      imageOrientation: 'from-image',
      colorSpaceConversion: 'default',
    });
    const { width, height } = bitmap;
    checkPixels(source, width, height, maxPixels);
    const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
    if (!context) throw new Error('no 2d context');
    context.fillStyle = '#ffffff';
    context.fillRect(0, 0, width, height);
    context.drawImage(bitmap, 0, 0);
    return { width, height, data: dropAlpha(context.getImageData(0, 0, width, height).data) };
  } catch (cause) {
    if (GlidError.isInstance(cause)) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw imageError(source, `The picture cannot be decoded (${reason}).`, 'Replace or re-save the file.', cause);
  } finally {
    bitmap?.close();
  }
}

function dropAlpha(rgba: Uint8ClampedArray): Uint8Array {
  const rgb = new Uint8Array((rgba.length / 4) * 3);
  for (let i = 0, o = 0; i < rgba.length; i += 4, o += 3) {
    rgb[o] = rgba[i]!;
    rgb[o + 1] = rgba[i + 1]!;
    rgb[o + 2] = rgba[i + 2]!;
  }
  return rgb;
}
