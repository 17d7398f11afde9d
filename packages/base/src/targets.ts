/** What a target IS geometrically. Augmentations act on the kind, never on the task. */
export type TargetField =
  /** `[N, 4]` float32, x0 y0 x1 y1 in input pixels. */
  | { readonly kind: 'boxes'; readonly group?: string }
  /** `[N, K, 3]` float32: x, y in input pixels, visibility. A horizontal flip swaps the pairs. */
  | {
      readonly kind: 'points';
      readonly group?: string;
      readonly flipPairs?: readonly (readonly [left: number, right: number])[];
    }
  /** `[N, H, W]` uint8, 0 or 1. */
  | { readonly kind: 'masks'; readonly group?: string }
  /** `[N]` int32. Anything that belongs to an instance but has no place: a class, a flag. */
  | { readonly kind: 'labels'; readonly group?: string }
  /** `[H, W]` or `[K, H, W]`: int32 for `nearest` class maps, float32 otherwise. Padding and holes are filled with `ignore`. */
  | ({ readonly kind: 'map'; readonly interpolation: 'nearest' | 'bilinear'; readonly ignore: number } & Directed)
  /** Left alone by every augmentation but for `negateOnFlip`: a class of the whole picture, a number. Any shape. */
  | ({ readonly kind: 'value' } & Directed);

/**
 * A target that points somewhere: a surface normal, a flow, a steering angle. Lengths are never scaled: a flow stays in pixels of the
 * original. Rotations are refused, for they would turn the direction.
 */
interface Directed {
  /** Planes of a map, or entries along the first axis of a value, that a horizontal flip negates: the x of a vector. `ignore` stays. */
  readonly negateOnFlip?: readonly number[];
}

export type TargetFields = { readonly [name: string]: TargetField };

/** A host array: what loaders produce and losses consume. */
export interface HostArray {
  readonly data: Float32Array | Int32Array | Uint8Array;
  readonly shape: readonly number[];
}

/** One picture's targets. Fields with the same `group` (default `instances`) share their N and are dropped together. */
export type TargetOf<F extends TargetFields> = { readonly [K in keyof F]: HostArray };
