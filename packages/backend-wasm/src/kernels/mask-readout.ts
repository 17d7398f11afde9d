import { maskWords } from '@glid/ops';
import { glidKernel } from './glid-kernel.ts';

export function registerMaskReadout(): void {
  glidKernel('GlidMaskReadout', (context, { logits }) => {
    const [pixels, count] = logits.shape as [number, number];
    const words = context.output([pixels, maskWords(count)]);
    const areas = context.output([count]);
    const shares = context.output([count]);
    const scratch = context.scratch(context.simd.maskReadoutScratch(count));
    context.simd.maskReadout(
      context.pointer(logits),
      context.pointer(words),
      context.pointer(areas),
      context.pointer(shares),
      ...([pixels, count, scratch] as const),
    );
    return [words, areas, shares];
  });
  glidKernel('GlidMaskContest', (context, { logits, scores }) => {
    const [pixels, count] = logits.shape as [number, number];
    const winner = context.output([pixels], 'int32');
    const inside = context.output([pixels], 'int32');
    const areas = context.output([count]);
    const taken = context.output([count, 2]);
    const scratch = context.scratch(context.simd.maskContestScratch(count));
    context.simd.maskContest(
      context.pointer(logits),
      context.pointer(scores),
      context.pointer(winner),
      context.pointer(inside),
      context.pointer(areas),
      context.pointer(taken),
      ...([pixels, count, scratch] as const),
    );
    return [winner, inside, areas, taken];
  });
}
