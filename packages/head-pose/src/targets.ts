import { GlidError, type SceneRecord, type TargetField, type TargetOf } from '@glid/head-kit';
import type { PoseConfig } from './config.ts';

/** One body a picture: top-down pose looks at one person at a time. */
export interface PoseFields {
  readonly [name: string]: TargetField;
  /** `[N, J, 3]` x, y, visibility (0 = not labelled). */
  readonly joints: TargetField;
  /** `[N, 4]` */
  readonly boxes: TargetField;
  /** `[N]` float32 square pixels of the original. */
  readonly areas: TargetField;
}

export type PoseTarget = TargetOf<{ joints: TargetField; boxes: TargetField; areas: TargetField }>;

export function poseFields({ flipPairs }: PoseConfig): PoseFields {
  return {
    joints: { kind: 'points', flipPairs: flipPairs as readonly (readonly [number, number])[] },
    boxes: { kind: 'boxes' },
    areas: { kind: 'labels' },
  };
}

/** Joints of a record's objects. Objects without joints and crowds are left out. */
export async function poseTargets({ joints }: PoseConfig, record: SceneRecord): Promise<PoseTarget> {
  const bodies = (record.objects ?? []).filter(({ keypoints, crowd }) => keypoints && !crowd);
  for (const { keypoints } of bodies) {
    if (keypoints!.length === 3 * joints.length) continue;
    throw new GlidError(
      'GLID_DATA',
      `Record '${record.id}' has ${keypoints!.length / 3} joints a body, the head ${joints.length}.`,
      { fix: "Build the head with the data set's skeleton.", details: { id: record.id, source: record.source } },
    );
  }
  const area = ([x0, y0, x1, y1]: readonly number[]): number => (x1! - x0!) * (y1! - y0!);
  return {
    joints: {
      data: Float32Array.from(bodies.flatMap(({ keypoints }) => [...keypoints!])),
      shape: [bodies.length, joints.length, 3],
    },
    boxes: { data: Float32Array.from(bodies.flatMap(({ box }) => [...box])), shape: [bodies.length, 4] },
    areas: { data: Float32Array.from(bodies, (body) => body.area ?? area(body.box)), shape: [bodies.length] },
  };
}

/** The joints of the one body, `[J * 3]`; all unlabelled where there is none. */
export function onlyBody({ joints }: PoseTarget, count: number): Float32Array {
  const bodies = joints.shape[0]!;
  if (bodies > 1) {
    throw new GlidError('GLID_DATA', `A training picture shows ${bodies} labelled bodies.`, {
      fix: 'Load the data set through `onePerObject` of @glid/data, so that each sample is the crop of one body.',
      details: { bodies },
    });
  }
  return bodies === 1 ? (joints.data as Float32Array) : new Float32Array(count * 3);
}
