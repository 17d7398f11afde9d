import type { DepthMap, LabelMap } from '@glid/base';
import { defaultMaxPixels } from './decode-image.ts';
import { decodePng } from './decode-png.ts';
import { imageError } from './image-error.ts';

/** A class map: the grey values or palette INDICES of a PNG, untouched. Throws `GLID_IMAGE` for colour PNGs. */
export async function decodeLabelPng(bytes: Uint8Array, source: string): Promise<LabelMap> {
  const { width, height, channels, data } = await decodePng(bytes, source, defaultMaxPixels);
  if (channels !== 1) {
    throw imageError(
      source,
      `A label map has ${channels} channels.`,
      'Save it as grey or palette PNG, one value a class.',
    );
  }
  return { width, height, data };
}

/** COCO panoptic ids: R + 256 G + 65536 B. Throws `GLID_IMAGE` unless the PNG is 8-bit RGB. */
export async function decodePanopticPng(bytes: Uint8Array, source: string): Promise<LabelMap> {
  const { width, height, channels, bitDepth, data } = await decodePng(bytes, source, defaultMaxPixels);
  if (channels !== 3 || bitDepth !== 8) {
    throw imageError(source, `A panoptic map has ${channels} channels of ${bitDepth} bits.`, 'Save it as 8-bit RGB.');
  }
  const ids = new Int32Array(width * height);
  for (let i = 0, p = 0; i < ids.length; i++, p += 3) ids[i] = data[p]! + 256 * data[p + 1]! + 65536 * data[p + 2]!;
  return { width, height, data: ids };
}

/** Grey values times `metresPerUnit`; 0 stays 0 = unknown. Throws `GLID_IMAGE` for colour PNGs. */
export async function decodeDepthPng(bytes: Uint8Array, source: string, metresPerUnit: number): Promise<DepthMap> {
  const { width, height, channels, indexed, data } = await decodePng(bytes, source, defaultMaxPixels);
  if (channels !== 1 || indexed) {
    throw imageError(source, `A depth map has ${channels} channels.`, 'Save it as 16-bit grey PNG.');
  }
  const metres = new Float32Array(data.length);
  for (let i = 0; i < metres.length; i++) metres[i] = data[i]! * metresPerUnit;
  return { width, height, data: metres };
}
