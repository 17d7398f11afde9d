import { glidKernel } from './glid-kernel.ts';

export function registerMaskCosts(): void {
  glidKernel('GlidMaskCosts', (context, inputs, { count: layers, targetCounts }) => {
    const { points, targets } = inputs;
    const [, queries, height, width] = inputs.x0!.shape as [number, number, number, number];
    const samples = points.shape[1]!;
    const total = targets.shape[0]!;
    const crossEntropy = context.output([total, layers, queries]);
    const dice = context.output([total, layers, queries]);
    const scratch = context.scratch(4 * context.simd.maskCostsScratch(samples, Math.max(0, ...targetCounts)));
    let first = 0;
    for (const [image, count] of targetCounts.entries()) {
      for (let layer = 0; layer < layers && count > 0; layer++) {
        const to = 4 * (first * layers + layer) * queries;
        context.simd.maskCosts(
          context.pointer(inputs[`x${layer}`]!) + 4 * image * queries * height * width,
          context.pointer(points) + 8 * image * samples,
          context.pointer(targets) + 4 * first * samples,
          context.pointer(crossEntropy) + to,
          context.pointer(dice) + to,
          ...([queries, height, width, samples, count, layers * queries, scratch] as const),
        );
      }
      first += count;
    }
    return [crossEntropy, dice];
  });
}
