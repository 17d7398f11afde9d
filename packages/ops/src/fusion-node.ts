import type { Scalar, Tensor, Tensor1D, Tensor4D } from '@tensorflow/tfjs-core';
import { add, addN, div, mul, relu, reshape, slice, stack, step, sub, sum } from '@tensorflow/tfjs-core';
import { differentiable } from './gradient.ts';
import { runGlidKernel } from './kernel.ts';
import { requireShape, sameShape } from './shape.ts';
import { swishGradient, swishValue } from './swish.ts';

export interface FusionNodeOptions {
  /** Added to the sum of the weights; 1e-4 in the paper. */
  readonly eps?: number;
  readonly activation?: 'swish' | 'none';
}

/**
 * Fast normalised fusion of Bi-FPN (Tan et al. 2020, section 3.3) and the swish after it: maps of one shape `[B, H, W, C]`, `weights [n]`
 * -> `f(sum_k n_k x_k)`, `n_k = relu(w_k) / (sum_j relu(w_j) + eps)`. Kernels: `GlidFusionNode`, `GlidFusionNodeGrad`. Throws `GLID_SHAPE`.
 */
export function fusionNode(inputs: readonly Tensor4D[], weights: Tensor1D, options: FusionNodeOptions = {}): Tensor4D {
  const { eps = 1e-4, activation = 'swish' } = options;
  requireShape(
    inputs.length > 0 &&
      weights.rank === 1 &&
      weights.size === inputs.length &&
      inputs.every((x) => sameShape(x.shape, inputs[0]!.shape)),
    'fusionNode',
    `${inputs.length} maps of one shape and weights [${inputs.length}]`,
    { ...numbered(inputs), weights },
  );
  const attrs = { count: inputs.length, epsilon: eps, activation };
  return differentiable<Tensor4D>(
    [...inputs, weights],
    (save) => {
      save([...inputs, weights]);
      const fused = runGlidKernel('GlidFusionNode', { ...numbered(inputs), weights }, attrs);
      if (fused) return fused[0] as Tensor4D;
      const blended = blend(inputs, normalise(weights, eps)[0]);
      return activation === 'swish' ? swishValue(blended) : blended;
    },
    (dy, saved) => {
      const maps = saved.slice(0, -1) as Tensor4D[];
      const weights = saved[saved.length - 1] as Tensor1D;
      return (
        runGlidKernel('GlidFusionNodeGrad', { dy, ...numbered(maps), weights }, attrs) ??
        fusionGradient(dy, maps, weights, eps, activation)
      );
    },
  );
}

function numbered(maps: readonly Tensor4D[]): Record<`x${number}`, Tensor4D> {
  return Object.fromEntries(maps.map((x, i) => [`x${i}`, x]));
}

function normalise(weights: Tensor1D, eps: number): [normal: Tensor1D, total: Scalar] {
  const positive = relu(weights);
  const total = add(sum(positive), eps) as Scalar;
  return [div(positive, total) as Tensor1D, total];
}

function entry(vector: Tensor1D, k: number): Scalar {
  return reshape(slice(vector, k, 1), []) as Scalar;
}

function blend(maps: readonly Tensor4D[], normal: Tensor1D): Tensor4D {
  return addN(maps.map((x, k) => mul(x, entry(normal, k)))) as Tensor4D;
}

function fusionGradient(
  dy: Tensor4D,
  maps: readonly Tensor4D[],
  weights: Tensor1D,
  eps: number,
  activation: 'swish' | 'none',
): Tensor[] {
  const [normal, total] = normalise(weights, eps);
  const d = activation === 'swish' ? swishGradient(dy, blend(maps, normal)) : dy;
  const dnormal = stack(maps.map((x) => sum(mul(d, x)))) as Tensor1D;
  const shared = sum(mul(normal, dnormal));
  const dweights = mul(step(weights), div(sub(dnormal, shared), total));
  return [...maps.map((_, k) => mul(d, entry(normal, k))), dweights];
}
