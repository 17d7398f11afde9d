/**
 * A task that this project knows nothing of, in one file: how many things are in a picture?
 *
 *   npx tsx --conditions=@glid/source examples/node/third-party-head.ts [STEPS]
 *
 * A head says which queries it wants, what to make of their answers, and how wrong those are. The rest is done for it.
 */
import { wasm } from '@glid/backend-wasm';
import { createModel, headOf, useBackend } from '@glid/core';
import { finetune } from '@glid/core/train';
import { batchSource, evaluationSource, keepInMemory, presets, syntheticScenes } from '@glid/data';
import type { HeadInputs, HostArray, Parameters, SceneRecord } from '@glid/head-kit';
import { applyLinear, defineConfig, defineHead, l1Loss, linearSpecs, meanMetrics, sumTerms } from '@glid/head-kit';
import { squeeze, type Tensor, tensor2d } from '@tensorflow/tfjs-core';

type Target = { readonly count: HostArray };

const counting = defineHead({
  id: 'example-head-counting',
  version: '1.0.0',
  task: 'counting',
  config: defineConfig({}),
  build: (_config, { hiddenSize }) => ({
    labels: [],
    queries: { count: 1, init: 'cls' as const }, // one question, asked of the whole picture
    parameters: linearSpecs('count', hiddenSize, 1),
    targetFields: { count: { kind: 'value' } } as const,
    // queries: one tensor [B, 1, C] a decoder layer; the last one answers
    doForward: (parameters: Parameters, { queries }: HeadInputs) => ({
      count: squeeze(applyLinear(parameters, 'count', queries.at(-1)!), [1]),
    }),
    doLoss: (raw: { count: Tensor }, targets: readonly Target[]) => {
      const truth = tensor2d([...targets.map(({ count }) => count.data[0]!)], [targets.length, 1]);
      return sumTerms({ count: l1Loss(raw.count, truth, targets.length) });
    },
    doPostprocess: async (raw: { count: Tensor }) => [...(await raw.count.data())],
    // Called with each record of a data set, so that any training loop or command line can feed this head.
    targetsFrom: async ({ objects = [] }: SceneRecord) => ({
      count: { data: Float32Array.of(objects.length), shape: [1] },
    }),
    createMetrics: () =>
      meanMetrics<number, Target>(({ result, target }) => ({ error: Math.abs(result - target.count.data[0]!) })),
    primaryMetric: { name: 'error', better: 'lower' as const },
  }),
});

const steps = Number(process.argv[2] ?? 12);
const size = [64, 64] as const;
await useBackend([wasm()]);
using model = await createModel({ backbone: 'nano', heads: { things: headOf(counting, {}) }, resize: { longest: 64 } });

const train = keepInMemory(syntheticScenes({ seed: 1, length: 40, size }));
const test = keepInMemory(syntheticScenes({ seed: 2, length: 8, size }));
const common = { sources: model.heads, batchSize: 4 };
const { detection: pipeline } = presets.small;
for await (const event of finetune({
  model,
  steps,
  data: batchSource({ ...common, dataset: train, pipeline: pipeline.train({ size }), seed: 1 }),
  optimizer: { learningRate: 1e-3, clip: 1 },
  evaluation: {
    data: evaluationSource({ ...common, dataset: test, pipeline: pipeline.test({ size }) }),
    everySteps: Math.ceil(steps / 2),
  },
})) {
  if (event.type === 'evaluation')
    console.log(`step ${event.step}: off by ${event.metrics['things.error']!.toFixed(2)}`);
}
const record = await test.get(0);
const { things } = await model.predict(await record.image());
console.log(`counted ${things.toFixed(1)} things; there are ${record.objects!.length}`);
