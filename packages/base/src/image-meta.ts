/** How a network input was made from the user's picture: the only thing post-processing may use to undo it. */
export interface ImageMeta {
  readonly originalSize: readonly [height: number, width: number];
  /** Size of the valid (unpadded) region, at the left top of the network input. */
  readonly resizedSize: readonly [height: number, width: number];
  readonly inputSize: readonly [height: number, width: number];
  /** The part of the original that was fed (top-down pose), in original pixels; absent = all of it. */
  readonly crop?: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
  readonly flippedHorizontally?: boolean;
  readonly id?: string;
}
