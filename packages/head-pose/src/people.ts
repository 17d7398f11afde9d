import { type BoxXyxy, GlidError, oksNms } from '@glid/head-kit';
import type { PoseResult } from './postprocess.ts';
import type { SkeletonConfig } from './skeletons.ts';

/** A part of a picture in original pixels. */
export interface Region {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/**
 * The region that a top-down pose model looks at for a person's box: grown to the input's aspect ratio around the same centre, then by
 * `padding` (ViTPose: 1.25).
 */
export function personRegion(
  box: BoxXyxy,
  inputSize: readonly [height: number, width: number],
  padding = 1.25,
): Region {
  const [width, height] = [box[2] - box[0], box[3] - box[1]];
  if (!(width > 0 && height > 0)) {
    throw new GlidError('GLID_DATA', `The person's box [${box.join(', ')}] has no area.`, {
      fix: 'Leave such boxes out.',
      details: { box },
    });
  }
  const aspect = inputSize[1] / inputSize[0];
  const w = Math.max(width, height * aspect) * padding;
  const h = w / aspect;
  return { x: (box[0] + box[2] - w) / 2, y: (box[1] + box[3] - h) / 2, width: w, height: h };
}

/** The result with the detector's score taken in: box score x mean joint score (ViTPose). */
export function rescore(result: PoseResult, boxScore: number): PoseResult {
  return { ...result, score: result.score * boxScore };
}

/** A person found by a detector. */
export interface PersonBox {
  readonly box: BoxXyxy;
  readonly score: number;
}

export interface DetectThenPoseOptions {
  /** Boxes that score less are left out. */
  readonly threshold?: number;
  /** The pose model's input size. */
  readonly inputSize?: readonly [height: number, width: number];
  readonly padding?: number;
  /** Bodies more similar than this to a better one are dropped. */
  readonly oksThreshold?: number;
}

/**
 * Joins a detector and a pose model on one picture: boxes, a region a person, joints, scores multiplied, bodies that were found twice
 * dropped by OKS-NMS. Best first.
 *
 * @param people finds the boxes of persons
 * @param pose finds the body in each region, one result a region
 */
export async function detectThenPose(
  skeleton: Pick<SkeletonConfig, 'sigmas'>,
  people: () => Promise<readonly PersonBox[]>,
  pose: (regions: readonly Region[]) => Promise<readonly PoseResult[]>,
  options: DetectThenPoseOptions = {},
): Promise<readonly (PoseResult & { readonly box: BoxXyxy })[]> {
  const { threshold = 0.3, inputSize = [256, 192], padding = 1.25, oksThreshold = 0.9 } = options;
  const found = (await people()).filter(({ score, box }) => score >= threshold && box[2] > box[0] && box[3] > box[1]);
  if (found.length === 0) return [];
  const bodies = await pose(found.map(({ box }) => personRegion(box, inputSize, padding)));
  const scored = bodies.map((body, i) => ({ ...rescore(body, found[i]!.score), box: found[i]!.box }));
  const kept = oksNms(
    scored.map(({ joints, score, box }) => ({
      keypoints: joints.flatMap(({ x, y, score: confidence }) => [x, y, confidence]),
      score,
      area: (box[2] - box[0]) * (box[3] - box[1]),
    })),
    skeleton.sigmas,
    { threshold: oksThreshold },
  );
  return kept.map((i) => scored[i]!);
}
