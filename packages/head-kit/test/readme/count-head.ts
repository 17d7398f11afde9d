import type { HeadInputs, HostArray, ImageMeta, Parameters } from '@glid/head-kit';
import {
  applyLinear,
  defineConfig,
  defineHead,
  field,
  l1Loss,
  linearSpecs,
  meanMetrics,
  sumTerms,
} from '@glid/head-kit';
import { squeeze, type Tensor, type Tensor2D, tensor } from '@tensorflow/tfjs-core';

type Target = { readonly counts: HostArray };

/** How many of each kind are in the picture. */
export const counts = defineHead({
  id: 'glid-head-counts',
  version: '0.1.0',
  task: 'counting',
  config: defineConfig({ labels: field.labels() }),
  build: ({ labels }, { hiddenSize }) => ({
    labels,
    queries: { count: 1, init: 'cls' as const },
    parameters: linearSpecs('count', hiddenSize, labels.length, { labelAxis: 'output' }),
    targetFields: { counts: { kind: 'value' } } as const,
    doForward: (parameters: Parameters, { queries }: HeadInputs) => ({
      counts: squeeze(applyLinear(parameters, 'count', queries.at(-1)!), [1]) as Tensor2D,
    }),
    doLoss(raw: { counts: Tensor }, targets: readonly Target[]) {
      const truth = tensor(
        targets.flatMap((target) => [...target.counts.data]),
        raw.counts.shape,
      );
      return sumTerms({ counts: l1Loss(raw.counts, truth, targets.length) });
    },
    async doPostprocess(raw: { counts: Tensor }, metas: readonly ImageMeta[]) {
      const all = await raw.counts.data();
      return metas.map((_, b) => labels.map((label, k) => ({ label, count: all[b * labels.length + k]! })));
    },
    createMetrics: () =>
      meanMetrics<{ label: string; count: number }[], Target>(({ result, target }) => ({
        error: Math.abs(result[0]!.count - target.counts.data[0]!),
      })),
    primaryMetric: { name: 'error', better: 'lower' as const },
  }),
});
