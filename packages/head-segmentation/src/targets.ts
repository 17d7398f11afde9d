import {
  decodeMask,
  GlidError,
  type HostArray,
  type SceneRecord,
  type TargetFields,
  type TargetOf,
} from '@glid/head-kit';
import type { SegmentationConfig } from './config.ts';

/** Class of every pixel, 255 = ignore: what a semantic head learns from. */
const semanticFields = { semantic: { kind: 'map', interpolation: 'nearest', ignore: 255 } } as const;

/** One mask a segment or object: what instance and panoptic heads learn from. */
const segmentFields = {
  masks: { kind: 'masks' },
  /** `[N]` index into the head's labels. */
  labels: { kind: 'labels' },
  /** `[N]` 1 = crowd: no part in training, special in evaluation. */
  crowds: { kind: 'labels' },
} as const;

/** Either `semantic` or the other three are there. */
export interface SegmentationTarget {
  readonly semantic?: HostArray;
  readonly masks?: HostArray;
  readonly labels?: HostArray;
  readonly crowds?: HostArray;
}

export function fieldsOf(config: SegmentationConfig): TargetFields {
  return config.mode === 'semantic' ? semanticFields : segmentFields;
}

/** Targets of a record, as the head's mode needs them. */
export async function segmentationTargets(
  config: SegmentationConfig,
  record: SceneRecord,
): Promise<TargetOf<TargetFields>> {
  if (config.mode === 'semantic') {
    if (!record.semantic) throw missing(record, 'semantic');
    const { data, width, height } = await record.semantic();
    return { semantic: { data: data instanceof Uint8Array ? data : Int32Array.from(data), shape: [height, width] } };
  }
  return config.mode === 'instance' ? instanceTargets(config, record) : panopticTargets(config, record);
}

async function instanceTargets(config: SegmentationConfig, record: SceneRecord): Promise<TargetOf<TargetFields>> {
  if (!record.objects) throw missing(record, 'objects');
  const masks = record.objects.map(({ mask }, i) => {
    if (!mask) throw missing(record, `objects[${i}].mask`);
    return mask;
  });
  const size = masks[0]?.size ?? (await sizeOf(record));
  const planes = new Uint8Array(masks.length * size[0] * size[1]);
  masks.forEach((mask, i) => {
    planes.set(decodeMask(mask), i * size[0] * size[1]);
  });
  return segments(
    size,
    planes,
    record.objects.map(({ label }) => classOf(config, label, record)),
    record.objects.map(({ crowd }) => crowd === true),
  );
}

async function panopticTargets(config: SegmentationConfig, record: SceneRecord): Promise<TargetOf<TargetFields>> {
  if (!record.panoptic) throw missing(record, 'panoptic');
  const { ids, segments: info } = await record.panoptic();
  return segments(
    [ids.height, ids.width],
    planesOf(
      ids.data,
      info.map(({ id }) => id),
    ),
    info.map(({ label }) => classOf(config, label, record)),
    info.map(({ crowd }) => crowd === true),
  );
}

/** Where each id stands: `[ids, pixels]`, 0 or 1. In one pass, as pictures are large and their segments many. */
function planesOf(data: ArrayLike<number>, ids: readonly number[]): Uint8Array {
  const planes = new Uint8Array(ids.length * data.length);
  const starts = new Map(ids.map((id, i) => [id, i * data.length]));
  let [last, start] = [data[0], starts.get(data[0]!)];
  for (let pixel = 0; pixel < data.length; pixel++) {
    const id = data[pixel]!;
    if (id !== last) [last, start] = [id, starts.get(id)];
    if (start !== undefined) planes[start + pixel] = 1;
  }
  return planes;
}

function segments(
  [height, width]: readonly [number, number],
  masks: Uint8Array,
  labels: readonly number[],
  crowds: readonly boolean[],
): TargetOf<TargetFields> {
  return {
    masks: { data: masks, shape: [labels.length, height, width] },
    labels: { data: Int32Array.from(labels), shape: [labels.length] },
    crowds: { data: Int32Array.from(crowds, Number), shape: [labels.length] },
  };
}

async function sizeOf(record: SceneRecord): Promise<[number, number]> {
  const { height, width } = await record.image();
  return [height, width];
}

function classOf({ labels }: SegmentationConfig, label: string, record: SceneRecord): number {
  const index = labels.indexOf(label);
  if (index >= 0) return index;
  throw new GlidError('GLID_LABELS', `Record '${record.id}' has the unknown label '${label}'.`, {
    fix: "Add it to the head's labels, or leave it out of the data set.",
    details: { id: record.id, source: record.source, label },
  });
}

function missing(record: SceneRecord, fieldName: string): GlidError {
  return new GlidError('GLID_DATA', `Record '${record.id}' (${record.source}) has no ${fieldName}.`, {
    fix: 'Choose the mode that the annotations allow: semantic maps, instance masks, or panoptic maps.',
    details: { id: record.id, source: record.source, field: fieldName },
  });
}
