/**
 * OKS fall-offs of the 17 COCO joints: nose, eyes, ears, shoulders, elbows, wrists, hips, knees, ankles (left before right).
 * Source: pycocotools.
 */
export const cocoKeypointSigmas: readonly number[] = [
  0.26, 0.25, 0.25, 0.35, 0.35, 0.79, 0.79, 0.72, 0.72, 0.62, 0.62, 1.07, 1.07, 0.87, 0.87, 0.89, 0.89,
].map((sigma) => sigma / 10);
