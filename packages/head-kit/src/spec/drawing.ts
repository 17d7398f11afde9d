/** A drawing command in original pixels. Plain data: the same list renders to canvas, SVG or an RGBA buffer. */
export type Shape2D =
  | {
      readonly kind: 'box';
      readonly xyxy: readonly [number, number, number, number];
      readonly label?: string;
      readonly color?: string;
    }
  | {
      readonly kind: 'points';
      /** NaN coordinates are not drawn. */
      readonly xy: readonly (readonly [number, number])[];
      readonly edges?: readonly (readonly [number, number])[];
      readonly label?: string;
      readonly color?: string;
    }
  | {
      readonly kind: 'mask';
      /** Row-major `[height, width]`, 0 or 1. */
      readonly data: Uint8Array;
      readonly size: readonly [height: number, width: number];
      readonly label?: string;
      readonly color?: string;
    }
  | {
      readonly kind: 'heatmap';
      readonly data: Float32Array;
      readonly size: readonly [height: number, width: number];
      /** Values shown as the first and last colour. */
      readonly range: readonly [low: number, high: number];
    }
  | {
      readonly kind: 'picture';
      /** RGB, 0..255, row-major `[height, width, 3]`: a map of directions, colours that a head has found. */
      readonly data: Uint8Array | Uint8ClampedArray;
      readonly size: readonly [height: number, width: number];
    };
