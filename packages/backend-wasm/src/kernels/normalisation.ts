import { glidKernel } from './glid-kernel.ts';
import { product } from './matrix-product.ts';

export function registerNormalisation(): void {
  glidKernel('GlidLayerNorm', (context, { x, gamma, beta }, { epsilon }) => {
    const channels = x.shape[x.shape.length - 1]!;
    const y = context.output(x.shape);
    const rows = channels === 0 ? 0 : product(x.shape) / channels;
    context.simd.layerNorm(
      ...([context.pointer(x), context.pointer(gamma), context.pointer(beta), context.pointer(y)] as const),
      ...([rows, channels, epsilon] as const),
    );
    return [y];
  });

  glidKernel('GlidLayerNormGrad', (context, { dy, x, gamma }, { epsilon }) => {
    const channels = x.shape[x.shape.length - 1]!;
    const dx = context.output(x.shape);
    const dgamma = context.output([channels]);
    const dbeta = context.output([channels]);
    const rows = channels === 0 ? 0 : product(x.shape) / channels;
    const scratch = context.scratch(8 * channels);
    context.simd.layerNormGrad(
      ...([context.pointer(dy), context.pointer(x), context.pointer(gamma)] as const),
      ...([context.pointer(dx), context.pointer(dgamma), context.pointer(dbeta)] as const),
      ...([rows, channels, epsilon, scratch] as const),
    );
    return [dx, dgamma, dbeta];
  });

  glidKernel('GlidGroupNorm', (context, { x, gamma, beta }, { groups, epsilon }) => {
    const [batch, height, width, channels] = x.shape as [number, number, number, number];
    const y = context.output(x.shape);
    const scratch = context.scratch(8 * channels);
    context.simd.groupNorm(
      ...([context.pointer(x), context.pointer(gamma), context.pointer(beta), context.pointer(y)] as const),
      ...([batch, height * width, channels, groups, epsilon, scratch] as const),
    );
    return [y];
  });

  glidKernel('GlidGroupNormGrad', (context, { dy, x, gamma }, { groups, epsilon }) => {
    const [batch, height, width, channels] = x.shape as [number, number, number, number];
    const dx = context.output(x.shape);
    const dgamma = context.zeros([channels]);
    const dbeta = context.zeros([channels]);
    const scratch = context.scratch(32 * channels);
    context.simd.groupNormGrad(
      ...([context.pointer(dy), context.pointer(x), context.pointer(gamma)] as const),
      ...([context.pointer(dx), context.pointer(dgamma), context.pointer(dbeta)] as const),
      ...([batch, height * width, channels, groups, epsilon, scratch] as const),
    );
    return [dx, dgamma, dbeta];
  });
}
