import { GlidError } from '@glid/base';
import { nodeModules } from '../weights/platform/node.ts';
import { checkSize } from './check-size.ts';
import type { Pixels } from './flatten-pixels.ts';
import { imageError } from './image-error.ts';

type Sharp = typeof import('sharp')['default'];

/** Loads sharp, an optional peer. The name is a variable so that bundlers for the browser see nothing to resolve. */
async function loadSharp(name = 'sharp'): Promise<Sharp> {
  const module = (await import(/* @vite-ignore */ /* webpackIgnore: true */ name)) as { default: Sharp };
  return module.default;
}

/**
 * Decodes a picture file with sharp (Node): EXIF orientation applied, greyscale, CMYK, 16-bit and profiled pictures converted to 8-bit
 * sRGB, the first frame of an animation. A path is a file, never a URL.
 */
export async function decodeInNode(
  file: string | Uint8Array,
  maxPixels: number,
  load: () => Promise<Sharp> = loadSharp,
): Promise<Pixels> {
  const image = typeof file === 'string' ? file : 'picture bytes';
  if (typeof file === 'string') await checkFile(file);
  else if (file.length === 0) throw imageError(image, 'it has no bytes', 'Pass a whole picture file.');
  let sharp: Sharp;
  try {
    sharp = await load();
  } catch (cause) {
    throw imageError(image, 'sharp, which decodes picture files in Node, is not installed', 'Run npm i sharp.', cause);
  }
  try {
    // The size is checked here, with our message, before any pixel is decoded; sharp's own limit stands behind it.
    const picture = sharp(file, { limitInputPixels: maxPixels, failOn: 'error' });
    const { width, height } = await sharp(file, { limitInputPixels: false, failOn: 'error' }).metadata();
    checkSize(width, height, maxPixels, image);
    const { data, info } = await picture.autoOrient().toColourspace('srgb').raw().toBuffer({ resolveWithObject: true });
    const { channels } = info;
    if (channels !== 3 && channels !== 4) {
      throw imageError(image, `it decodes to ${channels} channels`, 'Convert it to RGB.');
    }
    return { width: info.width, height: info.height, channels, data };
  } catch (cause) {
    if (GlidError.isInstance(cause)) throw cause;
    throw imageError(
      image,
      `it cannot be decoded (${firstLine(cause)})`,
      'Pass a whole JPEG, PNG, WebP, TIFF or AVIF file.',
      cause,
    );
  }
}

async function checkFile(path: string): Promise<void> {
  try {
    await nodeModules()!.fs.access(path);
  } catch (cause) {
    throw new GlidError('GLID_IO', `${path} cannot be read.`, {
      fix: 'Check the path; pictures at a URL are fetched by the caller and passed as bytes.',
      cause,
      details: { file: path },
    });
  }
}

function firstLine(error: unknown): string {
  return String((error as Error).message).split('\n')[0]!;
}
