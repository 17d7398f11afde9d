import { dataError } from '../data-error.ts';

/** What tells the pictures of one data set apart. */
export type ImageId = number | string;

/** The order in which pictures are counted, whatever order they came in: numbers first, then strings by code unit. */
export function compareImageIds(a: ImageId, b: ImageId): number {
  if (typeof a !== typeof b) return typeof a === 'number' ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** One picture or several, as a list. */
export function listOf<Sample extends object>(samples: Sample | readonly Sample[]): readonly Sample[] {
  return Array.isArray(samples) ? samples : [samples as Sample];
}

/** `GLID_DATA` when a picture is counted a second time, or comes twice at once. */
export function checkNewImages(seen: { has(id: ImageId): boolean }, imageIds: Iterable<ImageId>): void {
  const now = new Set<ImageId>();
  for (const id of imageIds) {
    if (seen.has(id) || now.has(id)) {
      throw dataError(
        { id, field: 'imageId' },
        'This picture was counted already.',
        'Pass each picture once, with all of its objects; call reset() before another round.',
      );
    }
    now.add(id);
  }
}

export const imageIdOf = ({ imageId }: { readonly imageId: ImageId }): ImageId => imageId;
