/** The part of a picture that is evaluated, for pictures of one size; ends are not included. */
export interface DepthCrop {
  readonly size: readonly [height: number, width: number];
  readonly rows: readonly [from: number, to: number];
  readonly columns: readonly [from: number, to: number];
}

/** The usual crop of NYU Depth v2 at 640 x 480 (Eigen et al., NeurIPS 2014). */
export const eigenCrop: DepthCrop = { size: [480, 640], rows: [45, 471], columns: [41, 601] };
