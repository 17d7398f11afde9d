import { defineConfig, defineHead, field, type HeadBody, type HeadFactory, type SceneRecord } from '@glid/head-kit';
import { matMul, mean, mul, reshape, type Scalar, square, sub, type Tensor2D, tensor1d } from '@tensorflow/tfjs-core';

/** A third party's head: the mean brightness of a picture, from one query. */
const brightness: HeadFactory<object, never, object> = defineHead({
  id: '@acme/glid-head-brightness',
  version: '2.1.0',
  task: 'brightness',
  config: defineConfig({ scale: field.number({ min: 0, exclusive: true, default: 1 }) }),
  build: ({ scale }, { hiddenSize }): HeadBody => ({
    labels: [],
    queries: { count: 1, init: 'cls' },
    parameters: { 'out.kernel': { shape: [hiddenSize, 1], init: { kind: 'zeros' } } },
    targetFields: { brightness: { kind: 'value' } },
    doForward(parameters, { queries }) {
      const last = queries.at(-1)!;
      const rows = reshape(last, [last.shape[0], last.shape[2]]) as Tensor2D;
      return { value: mul(matMul(rows, (parameters as Record<string, Tensor2D>)['out.kernel']!), scale) };
    },
    doLoss({ value }, targets) {
      const wanted = tensor1d(targets.map((target) => Number(target.brightness!.data[0])));
      const total = mean(square(sub(reshape(value!, [-1]), wanted))) as Scalar;
      return { total, terms: { square: total } };
    },
    async doPostprocess({ value }) {
      return Array.from(await value!.data(), (x) => ({ brightness: x }));
    },
    async targetsFrom(record: SceneRecord) {
      const { data } = await record.image();
      let sum = 0;
      for (const level of data) sum += level;
      return { brightness: { data: Float32Array.of(sum / data.length / 255), shape: [1] } };
    },
    createMetrics() {
      let [sum, count] = [0, 0];
      return {
        update(batch) {
          for (const { result, target } of batch) {
            sum += Math.abs((result as { brightness: number }).brightness - Number(target.brightness!.data[0]));
            count++;
          }
        },
        compute: () => ({ meanError: sum / count }),
        reset() {
          [sum, count] = [0, 0];
        },
      };
    },
    primaryMetric: { name: 'meanError', better: 'lower' },
  }),
}) as never;

export default brightness;
