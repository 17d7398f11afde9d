import type { Tensor, Tensor1D, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';
import { add, mean, mul, reshape, rsqrt, square, sub } from '@tensorflow/tfjs-core';
import { columnSum } from './column-sum.ts';
import { differentiable } from './gradient.ts';
import { runGlidKernel } from './kernel.ts';
import { requireOption, requireShape } from './shape.ts';

/**
 * Group normalisation (Wu & He 2018) over H, W and the consecutive channels of a group, biased variance:
 * `x [B, H, W, C]`, `gamma`, `beta [C]` -> `[B, H, W, C]`. Kernels: `GlidGroupNorm`, `GlidGroupNormGrad`.
 * Throws `GLID_SHAPE`, and `GLID_USAGE` when `groups` does not divide C.
 */
export function groupNorm(x: Tensor4D, gamma: Tensor1D, beta: Tensor1D, groups: number, epsilon = 1e-5): Tensor4D {
  const channels = x.shape[3];
  requireShape(
    x.rank === 4 && gamma.rank === 1 && beta.rank === 1 && gamma.size === channels && beta.size === channels,
    'groupNorm',
    'x [B, H, W, C], gamma [C], beta [C]',
    { x, gamma, beta },
  );
  requireOption(
    Number.isInteger(groups) && groups > 0 && channels % groups === 0,
    'groupNorm',
    `groups must divide the ${channels} channels, got ${groups}`,
  );
  const attrs = { groups, epsilon };
  return differentiable<Tensor4D>(
    [x, gamma, beta],
    (save) => {
      save([x, gamma]);
      const fused = runGlidKernel('GlidGroupNorm', { x, gamma, beta }, attrs);
      if (fused) return fused[0] as Tensor4D;
      const normal = reshape(standardise(x, groups, epsilon)[0], x.shape);
      return add(mul(normal, gamma), beta) as Tensor4D;
    },
    (dy, saved) => {
      const [x, gamma] = saved as [Tensor4D, Tensor1D];
      return runGlidKernel('GlidGroupNormGrad', { dy, x, gamma }, attrs) ?? groupNormGradient(dy, x, gamma, attrs);
    },
  );
}

/** Over axes 1 and 3 of `[B, H W, G, C / G]`. */
function groupMean(x: Tensor): Tensor {
  return mean(mean(x, 1, true), 3, true);
}

function standardise(x: Tensor4D, groups: number, epsilon: number): [normal: Tensor4D, reciprocal: Tensor] {
  const [batch, height, width, channels] = x.shape;
  const grouped = reshape(x, [batch, height * width, groups, channels / groups]);
  const centred = sub(grouped, groupMean(grouped));
  const reciprocal = rsqrt(add(groupMean(square(centred)), epsilon));
  return [mul(centred, reciprocal), reciprocal];
}

function groupNormGradient(
  dy: Tensor4D,
  x: Tensor4D,
  gamma: Tensor1D,
  { groups, epsilon }: { groups: number; epsilon: number },
): Tensor[] {
  const channels = x.shape[3];
  const [normal, reciprocal] = standardise(x, groups, epsilon);
  const dnormal = reshape(mul(dy, gamma), normal.shape);
  const along = mul(normal, groupMean(mul(dnormal, normal)));
  const dx = reshape(mul(reciprocal, sub(sub(dnormal, groupMean(dnormal)), along)), x.shape);
  const rows = (t: Tensor): Tensor2D => reshape(t, [x.size / Math.max(1, channels), channels]);
  return [dx, columnSum(mul(rows(dy), rows(normal))), columnSum(rows(dy))];
}
