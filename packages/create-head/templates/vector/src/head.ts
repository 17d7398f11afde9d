import {
  applyLinear,
  defineConfig,
  defineHead,
  field,
  type HeadInputs,
  type ImageMeta,
  type LossTerms,
  l1Loss,
  linearSpecs,
  meanMetrics,
  type Parameters,
  sumTerms,
} from '@glid/head-kit';
import { reshape, type Tensor2D, tensor2d } from '@tensorflow/tfjs-core';
import { countObjects, type Target, targetFields } from './targets.ts';

/** `counts` `[B, K]`. */
type Raw = { counts: Tensor2D };

/** How many things of a label there are: a number, not a whole one. */
export interface CountResult {
  readonly label: string;
  readonly count: number;
}

/** A vector head: one query looks at the picture, one linear layer turns it into K numbers. */
export const templateHead = defineHead({
  id: 'glid-head-template',
  version: '0.1.0',
  task: 'counting',
  config: defineConfig({ labels: field.labels() }),

  build: ({ labels }, { hiddenSize }) => ({
    labels,
    queries: { count: 1, init: 'cls' as const },
    parameters: linearSpecs('counts', hiddenSize, labels.length, { labelAxis: 'output' }),
    targetFields,

    doForward(parameters: Parameters, { queries }: HeadInputs): Raw {
      const last = queries.at(-1)!; // [B, 1, C]
      const counts = applyLinear(parameters, 'counts', last); // [B, 1, K]
      return { counts: reshape(counts, [-1, labels.length]) as Tensor2D };
    },

    doLoss(raw: Raw, targets: readonly Target[]): LossTerms {
      const truth = targets.flatMap(({ counts }) => [...counts.data]);
      return sumTerms({ counts: l1Loss(raw.counts, tensor2d(truth, raw.counts.shape), targets.length) });
    },

    async doPostprocess(raw: Raw, metas: readonly ImageMeta[]): Promise<CountResult[][]> {
      const all = await raw.counts.data();
      return metas.map((_, b) => labels.map((label, k) => ({ label, count: all[b * labels.length + k]! })));
    },

    targetsFrom: async (record) => countObjects(record, labels),
    createMetrics: () =>
      meanMetrics<readonly CountResult[], Target>(({ result, target }) => ({ error: error(result, target) })),
    primaryMetric: { name: 'error', better: 'lower' as const },
  }),
});

/** Mean over labels of the distance between count and truth. */
function error(result: readonly CountResult[], { counts }: Target): number {
  return result.reduce((sum, { count }, k) => sum + Math.abs(count - counts.data[k]!), 0) / result.length;
}
