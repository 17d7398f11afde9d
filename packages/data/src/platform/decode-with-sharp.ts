import { GlidError, type RgbImage } from '@glid/base';
import type Sharp from 'sharp';
import { checkPixels, imageError } from '../decode/image-error.ts';

let loading: Promise<typeof Sharp> | undefined;

async function loadSharp(): Promise<typeof Sharp> {
  loading ??= import('sharp').then((module) => module.default);
  try {
    return await loading;
  } catch (cause) {
    loading = undefined;
    throw new GlidError('GLID_USAGE', 'Decoding pictures in Node needs the package sharp.', {
      fix: 'Run: npm install sharp',
      cause,
    });
  }
}

export async function decodeWithSharp(bytes: Uint8Array, source: string, maxPixels: number): Promise<RgbImage> {
  const sharp = await loadSharp();
  try {
    const { data, info } = await sharp(bytes, { limitInputPixels: maxPixels, failOn: 'error' })
      .autoOrient()
      .flatten({ background: '#ffffff' })
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    checkPixels(source, info.width, info.height, maxPixels);
    const pixels = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    return {
      width: info.width,
      height: info.height,
      data: toRgb(pixels, info.channels, info.width * info.height, source),
    };
  } catch (cause) {
    if (GlidError.isInstance(cause)) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw imageError(source, `The picture cannot be decoded (${reason}).`, 'Replace or re-save the file.', cause);
  }
}

function toRgb(data: Uint8Array, channels: number, pixels: number, source: string): Uint8Array {
  if (channels === 3) return data;
  if (channels !== 1) throw imageError(source, `It decodes to ${channels} channels.`, 'Save it as RGB.');
  const rgb = new Uint8Array(pixels * 3);
  for (let i = 0, o = 0; i < pixels; i++, o += 3) {
    rgb[o] = data[i]!;
    rgb[o + 1] = data[i]!;
    rgb[o + 2] = data[i]!;
  }
  return rgb;
}
