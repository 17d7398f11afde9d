import {
  applyLinear,
  defineConfig,
  defineHead,
  field,
  type HeadInputs,
  type ImageMeta,
  type LossContext,
  type LossTerms,
  linearSpecs,
  type Parameters,
  queryPixelProduct,
  type Shape2D,
  sigmoidCrossEntropy,
  sumTerms,
} from '@glid/head-kit';
import { add, mul, reshape, type Scalar, sum, type Tensor3D, tensor3d } from '@tensorflow/tfjs-core';
import { foregroundMetrics } from './metrics.ts';
import { drawForeground, foregroundCells, type Target, targetFields } from './targets.ts';
import { toOriginal } from './to-original.ts';

/** `logits` `[B, h, w]` at a quarter of the input's size. */
type Raw = { logits: Tensor3D };

/** How sure the head is, for every pixel of the original picture, that a thing shows there. */
export interface ForegroundResult {
  /** 0..1, row-major `[height, width]`; 0 outside the part of the picture that was fed. */
  readonly probability: Float32Array;
  readonly size: readonly [height: number, width: number];
}

/** A dense head: one query becomes one vector, whose product with every cell of the 1/4 map is the answer there. */
export const templateHead = defineHead({
  id: 'glid-head-template',
  version: '0.1.0',
  task: 'foreground',
  config: defineConfig({ labels: field.labels({ describe: 'What counts as foreground.' }) }),

  build: ({ labels }, { hiddenSize }) => ({
    labels: [], // the labels choose targets; no output belongs to one of them
    queries: { count: 1, init: 'cls' as const },
    parameters: {
      ...linearSpecs('mask', hiddenSize, hiddenSize),
      offset: { shape: [1], init: { kind: 'zeros' as const }, decay: false },
    },
    targetFields,

    doForward(parameters: Parameters, { queries, pixels }: HeadInputs): Raw {
      const last = queries.at(-1)!; // [B, 1, C]
      const embedding = applyLinear(parameters, 'mask', last) as Tensor3D;
      const [batch, h, w] = pixels.shape;
      // Sums over C channels start about the square root of C too large.
      const products = mul(queryPixelProduct(embedding, pixels), 1 / Math.sqrt(hiddenSize)); // [B, 1, h, w]
      return { logits: reshape(add(products, parameters.offset!), [batch, h, w]) as Tensor3D };
    },

    doLoss(raw: Raw, targets: readonly Target[], _: unknown, { metas }: LossContext): LossTerms {
      const cells = targets.map((target, b) => foregroundCells(target, metas[b]!));
      const known = cells.flatMap((cell) => [...cell.known]);
      const count = known.reduce((all, one) => all + one, 0);
      const weights = known.map((one) => one / Math.max(1, count));
      const share = tensor3d(
        cells.flatMap((cell) => [...cell.share]),
        raw.logits.shape,
      );
      const errors = sigmoidCrossEntropy(raw.logits, share);
      return sumTerms({ mask: sum(mul(errors, tensor3d(weights, raw.logits.shape))) as Scalar });
    },

    doPostprocess: (raw: Raw, metas: readonly ImageMeta[]): Promise<ForegroundResult[]> =>
      Promise.all(
        metas.map(async (meta, b) => ({ probability: await toOriginal(raw.logits, b, meta), size: meta.originalSize })),
      ),

    targetsFrom: (record) => drawForeground(record, labels),
    createMetrics: foregroundMetrics,
    primaryMetric: { name: 'iou', better: 'higher' as const },
    draw: ({ probability, size }: ForegroundResult): Shape2D[] => [
      { kind: 'heatmap', data: probability, size, range: [0, 1] },
    ],
  }),
});
