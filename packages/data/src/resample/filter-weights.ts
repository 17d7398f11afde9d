import type { Filter } from '../geometry/geometry.ts';

/** For each output position: the first input position and the weights of it and its followers. */
export interface FilterWeights {
  readonly first: Int32Array;
  readonly count: Int32Array;
  /** `[positions, stride]`. */
  readonly weights: Float32Array;
  readonly stride: number;
}

/**
 * Weights to scale `inputLength` positions to `outputLength`, for the output positions `start .. start + length - 1`.
 * When it shrinks, the kernel is stretched over everything that a position covers (the method of Pillow's resize).
 * Bicubic is Keys' kernel with a = -0.5.
 */
export function filterWeights(
  inputLength: number,
  outputLength: number,
  start: number,
  length: number,
  filter: Filter,
  mirrored: boolean,
): FilterWeights {
  const scale = inputLength / outputLength;
  const stretch = Math.max(scale, 1);
  const support = (filter === 'bicubic' ? 2 : 1) * stretch;
  const stride = Math.ceil(support) * 2 + 1;
  const first = new Int32Array(length);
  const count = new Int32Array(length);
  const weights = new Float32Array(length * stride);
  for (let i = 0; i < length; i++) {
    const position = mirrored ? outputLength - 1 - (start + i) : start + i;
    const center = (position + 0.5) * scale;
    const low = Math.max(0, Math.floor(center - support + 0.5));
    const high = Math.min(inputLength, Math.floor(center + support + 0.5));
    let sum = 0;
    for (let k = low; k < high; k++) {
      const w = kernel(filter, (k - center + 0.5) / stretch);
      weights[i * stride + k - low] = w;
      sum += w;
    }
    for (let k = 0; k < high - low; k++) weights[i * stride + k]! /= sum;
    first[i] = low;
    count[i] = high - low;
  }
  return { first, count, weights, stride };
}

function kernel(filter: Filter, distance: number): number {
  const x = Math.abs(distance);
  if (filter === 'bilinear') return x < 1 ? 1 - x : 0;
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
}
