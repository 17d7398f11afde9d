import { cocoSkeleton } from '@glid/head-kit';

/** Joint names, left-right pairs, OKS fall-offs and lines to draw: the part of a configuration that describes a body. */
export interface SkeletonConfig {
  readonly joints: readonly string[];
  readonly flipPairs: readonly (readonly number[])[];
  readonly sigmas: readonly number[];
  readonly edges: readonly (readonly number[])[];
}

/** The 17 joints of COCO. */
export const coco17: SkeletonConfig = cocoSkeleton;

/** The 14 joints of the Leeds Sports Pose sets. Fall-offs by kind of joint from COCO; neck and head top, which COCO lacks, as shoulders. */
export const lsp14: SkeletonConfig = {
  joints: [
    'right_ankle',
    'right_knee',
    'right_hip',
    'left_hip',
    'left_knee',
    'left_ankle',
    'right_wrist',
    'right_elbow',
    'right_shoulder',
    'left_shoulder',
    'left_elbow',
    'left_wrist',
    'neck',
    'head_top',
  ],
  flipPairs: [
    [5, 0],
    [4, 1],
    [3, 2],
    [11, 6],
    [10, 7],
    [9, 8],
  ],
  sigmas: [0.089, 0.087, 0.107, 0.107, 0.087, 0.089, 0.062, 0.072, 0.079, 0.079, 0.072, 0.062, 0.079, 0.079],
  edges: [
    [0, 1],
    [1, 2],
    [2, 3],
    [3, 4],
    [4, 5],
    [6, 7],
    [7, 8],
    [9, 10],
    [10, 11],
    [8, 12],
    [9, 12],
    [12, 13],
    [2, 8],
    [3, 9],
  ],
};
