import { GlidError, type HostArray, type ImageMeta, type SceneRecord, type TargetOf } from '@glid/head-kit';

/** One picture's objects. Crowd regions take no part in training and are special in evaluation. */
export const detectionFields = {
  /** `[N, 4]` x0 y0 x1 y1. */
  boxes: { kind: 'boxes' },
  /** `[N]` index into the head's labels. */
  labels: { kind: 'labels' },
  /** `[N]` 1 = COCO crowd region. */
  crowds: { kind: 'labels' },
  /** `[N]` float32, square pixels of the original: the annotation's own figure, for the size classes of COCO's metrics. */
  areas: { kind: 'labels' },
} as const;

export type DetectionFields = typeof detectionFields;
export type DetectionTarget = TargetOf<DetectionFields>;

/** Targets of a record's objects. An object whose label the head does not know is an error: nothing is dropped silently. */
export function detectionTargets(labels: readonly string[], record: SceneRecord): DetectionTarget {
  if (!record.objects) {
    throw new GlidError('GLID_DATA', `Record '${record.id}' (${record.source}) has no object annotations.`, {
      fix: 'Use a data set with boxes, or give it an empty list of objects where nothing is in the picture.',
      details: { id: record.id, source: record.source, field: 'objects' },
    });
  }
  const { objects } = record;
  const index = new Map(labels.map((label, i) => [label, i]));
  const classes = objects.map(({ label }, i) => {
    const found = index.get(label);
    if (found !== undefined) return found;
    throw new GlidError('GLID_LABELS', `Object ${i} of record '${record.id}' has the unknown label '${label}'.`, {
      fix: `Add it to the head's labels (${labels.join(', ')}) or leave it out of the data set.`,
      details: { id: record.id, source: record.source, label },
    });
  });
  const areas = objects.map(({ box, area }) => area ?? (box[2] - box[0]) * (box[3] - box[1]));
  return {
    boxes: host(Float32Array.from(objects.flatMap(({ box }) => [...box])), [objects.length, 4]),
    labels: host(Int32Array.from(classes), [objects.length]),
    crowds: host(
      Int32Array.from(objects, ({ crowd }) => (crowd ? 1 : 0)),
      [objects.length],
    ),
    areas: host(Float32Array.from(areas), [objects.length]),
  };
}

function host(data: HostArray['data'], shape: readonly number[]): HostArray {
  return { data, shape };
}

/** What the loss compares with: classes `[T]` and boxes `[T * 4]` (centre, size), relative to the unpadded picture. */
export interface PreparedTargets {
  readonly classes: Int32Array;
  readonly boxes: Float32Array;
}

/** Clips boxes to the picture, drops crowds and what has no area left, and makes the rest relative (DETR's ConvertCocoPolysToMask). */
export function prepareTargets(target: DetectionTarget, { resizedSize: [height, width] }: ImageMeta): PreparedTargets {
  const classes: number[] = [];
  const boxes: number[] = [];
  const { data } = target.boxes;
  for (let i = 0; i < target.labels.data.length; i++) {
    if (target.crowds.data[i]) continue;
    const x0 = Math.min(Math.max(data[4 * i]!, 0), width);
    const y0 = Math.min(Math.max(data[4 * i + 1]!, 0), height);
    const x1 = Math.min(Math.max(data[4 * i + 2]!, 0), width);
    const y1 = Math.min(Math.max(data[4 * i + 3]!, 0), height);
    if (!(x1 > x0 && y1 > y0)) continue;
    classes.push(target.labels.data[i]!);
    boxes.push((x0 + x1) / 2 / width, (y0 + y1) / 2 / height, (x1 - x0) / width, (y1 - y0) / height);
  }
  return { classes: Int32Array.from(classes), boxes: Float32Array.from(boxes) };
}
