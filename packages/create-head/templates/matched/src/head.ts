import {
  applyLinear,
  defineConfig,
  defineHead,
  field,
  type HeadInputs,
  type ImageMeta,
  linearSpecs,
  type Parameters,
  type Shape2D,
} from '@glid/head-kit';
import { sigmoid, type Tensor3D } from '@tensorflow/tfjs-core';
import { assign, criterion } from './loss.ts';
import { pointMetrics } from './metrics.ts';
import { type FoundThing, type PointOptions, readPoints } from './results.ts';
import { centresOf, targetFields } from './targets.ts';

/** `logits` `[B, Q, K + 1]` ("nothing" last) and `centres` `[B, Q, 2]`, x and y as shares of the picture. */
export type Raw = { readonly logits: Tensor3D; readonly centres: Tensor3D };

/** A matched head: Q queries answer for whatever there is. Training pairs them with the truth at least cost (DETR). */
export const templateHead = defineHead({
  id: 'glid-head-template',
  version: '0.1.0',
  task: 'point-detection',
  config: defineConfig({
    labels: field.labels(),
    queries: field.integer({ min: 1, default: 20, describe: 'The most things that can be found in a picture.' }),
  }),

  build: ({ labels, queries }, { hiddenSize }) => ({
    labels,
    // Queries that start apart are told apart sooner; without `embedding` all start as CLS, as in the paper.
    queries: { count: queries, init: 'cls' as const, embedding: { kind: 'truncatedNormal' as const, std: 1 } },
    parameters: {
      ...linearSpecs('class', hiddenSize, labels.length + 1, { labelAxis: 'output' }),
      ...linearSpecs('centre', hiddenSize, 2),
    },
    targetFields,

    doForward(parameters: Parameters, inputs: HeadInputs): Raw {
      const last = inputs.queries.at(-1)!; // [B, Q, C]
      return {
        logits: applyLinear(parameters, 'class', last) as Tensor3D,
        centres: sigmoid(applyLinear(parameters, 'centre', last)) as Tensor3D,
      };
    },

    doAssign: assign,
    doLoss: criterion,
    doPostprocess: (raw: Raw, metas: readonly ImageMeta[], options?: PointOptions) =>
      readPoints(raw, metas, labels, options),

    targetsFrom: async (record) => centresOf(record, labels),
    createMetrics: () => pointMetrics(labels),
    primaryMetric: { name: 'f1', better: 'higher' as const },
    draw: (things: readonly FoundThing[]): Shape2D[] =>
      things.map(({ label, x, y }) => ({ kind: 'points', xy: [[x, y]], label })),
  }),
});
