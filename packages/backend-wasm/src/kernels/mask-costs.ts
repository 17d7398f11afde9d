import { glidKernel } from './glid-kernel.ts';

export function registerMaskCosts(): void {
  glidKernel('GlidMaskCosts', (context, inputs, { count: layers, targetCounts }) => {
    const { simd } = context;
    const [, queries, height, width] = inputs.x0!.shape as [number, number, number, number];
    const samples = inputs.points!.shape[1]!;
    const total = inputs.targets!.shape[0]!;
    const crossEntropy = context.output([total, layers, queries]);
    const dice = context.output([total, layers, queries]);
    let first = 0;
    for (const [image, count] of targetCounts.entries()) {
      if (count === 0) continue;
      const targets = context.pointer(inputs.targets!) + 4 * first * samples;
      const entries = simd.maskCostsEntries(targets, count * samples);
      const scratch = context.scratch(simd.maskCostsScratch(samples, count, entries, height * width));
      const points = context.pointer(inputs.points!) + 8 * image * samples;
      simd.maskCostsPicture(points, targets, height, width, samples, count, entries, scratch);
      for (let layer = 0; layer < layers; layer++) {
        const to = 4 * (first * layers + layer) * queries;
        simd.maskCosts(
          context.pointer(inputs[`x${layer}`]!) + 4 * image * queries * height * width,
          context.pointer(crossEntropy) + to,
          context.pointer(dice) + to,
          ...([queries, height, width, samples, count, entries, layers * queries, scratch] as const),
        );
      }
      first += count;
    }
    return [crossEntropy, dice];
  });
}
