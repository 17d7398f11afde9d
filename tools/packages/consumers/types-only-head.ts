import type { HeadFactory, HeadV1, ParameterSpecs, StandardSchemaV1 } from '@glid/head-kit';
import { matMul, reshape, type Tensor, type Tensor2D } from '@tensorflow/tfjs-core';

/** One number a picture: a head that takes nothing from the kit but its types. */
type Score = HeadV1<object, ParameterSpecs, { score: Tensor }, Record<never, never>, unknown, number>;

const nothing: StandardSchemaV1<unknown, object> = {
  '~standard': { version: 1, vendor: 'acme', validate: () => ({ value: {} }) },
};

const build = (_config: object, { hiddenSize }: { readonly hiddenSize: number }): Score => ({
  specificationVersion: 'v1',
  id: 'acme-head-score',
  version: '1.0.0',
  task: 'score',
  config: {},
  labels: [],
  queries: { count: 1, init: 'cls' },
  parameters: { 'score.kernel': { shape: [hiddenSize, 1], init: { kind: 'xavierUniform' } } },
  targetFields: {},
  doForward: (parameters, { queries }) => ({
    score: matMul(reshape(queries.at(-1)!, [-1, hiddenSize]) as Tensor2D, parameters['score.kernel'] as Tensor2D),
  }),
  doLoss: () => {
    throw new Error('This head predicts only.');
  },
  doPostprocess: async ({ score }) => [...(await score.data())],
  createMetrics: () => ({ update() {}, compute: () => ({}), reset() {} }),
  primaryMetric: { name: 'none', better: 'higher' },
});

export const score: HeadFactory<object, Score> = Object.assign(build, {
  id: 'acme-head-score',
  specificationVersion: 'v1' as const,
  configSchema: nothing,
});
