import { dataError } from '../data-error.ts';

/** What tells the pictures of one data set apart. */
export type ImageId = number | string;

/** The order in which pictures are counted, whatever order they came in: numbers first, then strings by code unit. */
export function compareImageIds(a: ImageId, b: ImageId): number {
  if (typeof a !== typeof b) return typeof a === 'number' ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** `GLID_DATA` when a picture is counted a second time. */
export function checkNewImage(seen: { has(id: ImageId): boolean }, imageId: ImageId): void {
  if (!seen.has(imageId)) return;
  throw dataError(
    { id: imageId, field: 'imageId' },
    'This picture was counted already.',
    'Pass each picture once, with all of its objects; call reset() before another round.',
  );
}
