import type { Dataset, ObjectAnnotation } from '@glid/base';

export interface OnePerObjectOptions {
  /** Which objects to take. Default those with joints, no crowds. */
  readonly keep?: (object: ObjectAnnotation) => boolean;
}

/** A data set with one record for each object of another one, as top-down pose estimation needs. Looks at every record once. */
export async function onePerObject(dataset: Dataset, options: OnePerObjectOptions = {}): Promise<Dataset> {
  const keep = options.keep ?? hasJoints;
  const places: { readonly index: number; readonly object: number }[] = [];
  for (let index = 0; index < dataset.length; index++) {
    const { objects = [] } = await dataset.get(index);
    for (const [object, annotation] of objects.entries()) if (keep(annotation)) places.push({ index, object });
  }
  return {
    ...dataset,
    length: places.length,
    async get(index) {
      const place = places[index];
      const record = await dataset.get(place?.index ?? -1);
      return { ...record, id: `${record.id}#${place?.object}`, objects: [record.objects![place!.object]!] };
    },
  };
}

function hasJoints({ keypoints, crowd }: ObjectAnnotation): boolean {
  if (!keypoints || crowd) return false;
  return keypoints.some((value, i) => i % 3 === 2 && value > 0);
}
