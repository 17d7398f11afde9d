import {
  applyLinear,
  defineConfig,
  defineHead,
  field,
  type HeadInputs,
  type ImageMeta,
  type LossTerms,
  linearSpecs,
  meanMetrics,
  type Parameters,
  softmaxRows,
  sumTerms,
  weightedCrossEntropy,
} from '@glid/head-kit';
import { add, mul, reshape, type Tensor2D } from '@tensorflow/tfjs-core';
import { classOf, type Target, targetFields, unknown } from './targets.ts';

/** `logits` `[B, K]`. */
type Raw = { logits: Tensor2D };

/** What a picture shows, the surest class first. */
export interface ClassificationResult {
  readonly label: string;
  readonly score: number;
  /** Every class with its probability, by falling probability. */
  readonly ranking: readonly { readonly label: string; readonly score: number }[];
}

/** Image classification: one query, initialised with the pre-trained CLS, looks at the picture; a linear layer names it. */
export const imageClassification = defineHead({
  id: 'glid-head-image-classification',
  version: '0.1.0',
  task: 'image-classification',
  config: defineConfig({ labels: field.labels({ minLength: 2 }) }),

  build: ({ labels }, { hiddenSize }) => ({
    labels,
    queries: { count: 1, init: 'cls' as const },
    parameters: linearSpecs('class', hiddenSize, labels.length, { labelAxis: 'output' }),
    targetFields,

    doForward(parameters: Parameters, { queries }: HeadInputs): Raw {
      const logits = applyLinear(parameters, 'class', queries.at(-1)!); // [B, 1, K]
      return { logits: reshape(logits, [-1, labels.length]) as Tensor2D };
    },

    doLoss(raw: Raw, targets: readonly Target[]): LossTerms {
      const classes = targets.map((target) => target.class.data[0]!);
      return sumTerms({ class: weightedCrossEntropy(raw.logits, classes, { ignore: unknown }) });
    },

    doMergeMirrored: (raw: Raw, mirrored: Raw): Raw => ({
      logits: mul(add(raw.logits, mirrored.logits), 0.5) as Tensor2D,
    }),

    async doPostprocess(raw: Raw, metas: readonly ImageMeta[]): Promise<ClassificationResult[]> {
      const probabilities = softmaxRows(await raw.logits.data(), labels.length);
      return metas.map((_, b) => {
        const ranking = labels
          .map((label, k) => ({ label, score: probabilities[b * labels.length + k]! }))
          .sort((one, other) => other.score - one.score);
        return { ...ranking[0]!, ranking };
      });
    },

    targetsFrom: async (record) => classOf(record, labels),
    createMetrics: () =>
      meanMetrics<ClassificationResult, Target>(({ result, target }) =>
        accuracy(result, labels[target.class.data[0]!]),
      ),
    primaryMetric: { name: 'top1', better: 'higher' as const },
  }),
});

/** 1 where the truth is the first of the ranking, or among the first five; NaN, which is left out of means, where it is unknown. */
function accuracy({ ranking }: ClassificationResult, truth: string | undefined): { top1: number; top5: number } {
  if (truth === undefined) return { top1: Number.NaN, top5: Number.NaN };
  const place = ranking.findIndex(({ label }) => label === truth);
  return { top1: place < 1 ? 1 : 0, top5: place < 5 ? 1 : 0 };
}
