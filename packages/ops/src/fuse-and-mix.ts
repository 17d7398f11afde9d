import type { Tensor1D, Tensor4D } from '@tensorflow/tfjs-core';
import { depthwiseConv2d, engine, maxPool } from '@tensorflow/tfjs-core';
import { fusionNode } from './fusion-node.ts';
import { hasGlidKernel, runGlidKernel } from './kernel.ts';
import { resizeNearest } from './resize.ts';
import { requireShape } from './shape.ts';

/** How a map comes to the size of a node: it has it; nearest, from a coarser level; 3 x 3 stride-2 maximum, from the next finer one. */
export type Resampling = 'same' | 'nearest' | 'maximum';

/** A map that enters a node. */
export interface NodeInput {
  readonly map: Tensor4D;
  readonly resampling: Resampling;
}

const epsilon = 1e-4;

/**
 * A Bi-FPN node up to its pointwise product (Tan et al. 2020, section 3): resample, fast normalised fusion, swish, depthwise 3 x 3.
 * Maps `[B, h, w, C]`, `weights [n]`, `depthwise [3, 3, C, 1]` -> `[B, ...size, C]`. Kernel, while nothing is differentiated:
 * `GlidFuseAndMix`. Throws `GLID_SHAPE`.
 */
export function fuseAndMix(
  inputs: readonly NodeInput[],
  weights: Tensor1D,
  depthwise: Tensor4D,
  size: readonly [number, number],
): Tensor4D {
  if (engine().isTapeOn() || !hasGlidKernel('GlidFuseAndMix')) {
    const fused = fusionNode(
      inputs.map((input) => resample(input, size)),
      weights,
      { eps: epsilon },
    );
    return depthwiseConv2d(fused, depthwise, 1, 'same');
  }
  const [batch, , , channels] = inputs[0]!.map.shape;
  const fits = inputs.every(({ map, resampling }) => {
    const [b, h, w, c] = map.shape;
    const reached = { same: [h, w], nearest: size, maximum: [(h + 1) >> 1, (w + 1) >> 1] }[resampling];
    return b === batch && c === channels && reached[0] === size[0] && reached[1] === size[1];
  });
  const maps = Object.fromEntries(inputs.map(({ map }, k) => [`x${k}`, map]));
  const wanted = `maps that reach ${size.join(' x ')}, weights [${inputs.length}], depthwise [3, 3, ${channels}, 1]`;
  const filter = depthwise.shape.join() === [3, 3, channels, 1].join();
  requireShape(fits && filter && weights.size === inputs.length, 'fuseAndMix', wanted, { ...maps, weights, depthwise });
  const resampling = inputs.map((input) => input.resampling);
  const attrs = { count: inputs.length, epsilon, size, resampling };
  return runGlidKernel('GlidFuseAndMix', { ...maps, weights, depthwise }, attrs)![0] as Tensor4D;
}

function resample({ map, resampling }: NodeInput, size: readonly [number, number]): Tensor4D {
  if (resampling === 'same') return map;
  return resampling === 'nearest' ? resizeNearest(map, size) : maxPool(map, 3, 2, 1, 'floor');
}
