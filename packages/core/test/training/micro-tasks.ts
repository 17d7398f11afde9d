import { Random } from '@glid/base';
import type { HeadContext, HeadV1, ImageMeta, LossTerms, MetricAccumulator, TargetOf } from '@glid/head-kit';
import {
  abs,
  matMul,
  mean,
  reshape,
  type Scalar,
  sub,
  type Tensor,
  type Tensor2D,
  tensor2d,
} from '@tensorflow/tfjs-core';
import type { HeadRecipe } from '../../src/model/head-recipe.ts';
import type { Batch, BatchSource, EvaluationSource } from '../../src/training/batch.ts';

const fields = { values: { kind: 'value' } } as const;
type Fields = typeof fields;
type Raw = { readonly values: Tensor };
type Head = HeadV1<
  object,
  Record<string, { shape: number[]; init: { kind: 'truncatedNormal'; std: number } }>,
  Raw,
  Fields,
  readonly number[],
  number[]
>;

/**
 * A head with two queries that each answer one number: the brightness of the picture's two halves, in any order (`matched`), or left
 * first. Small enough to learn in seconds, with every part that a real head has.
 */
export function halves(matched: boolean, init: 'cls' | 'learned' = 'cls'): HeadRecipe<Head> {
  const build = ({ hiddenSize }: HeadContext): Head => ({
    specificationVersion: 'v1',
    id: '@glid/head-halves',
    version: '1.0.0',
    task: 'halves',
    config: { matched },
    labels: [],
    queries: { count: 2, init, embedding: { kind: 'truncatedNormal', std: 0.5 } },
    parameters: { 'out.kernel': { shape: [hiddenSize, 1], init: { kind: 'truncatedNormal', std: 0.2 } } },
    targetFields: fields,
    doForward(parameters, { queries }) {
      const last = queries.at(-1)!;
      const [batch, count, width] = last.shape;
      const answers = matMul(reshape(last, [batch * count, width]), parameters['out.kernel'] as Tensor2D);
      return { values: reshape(answers, [batch, count, 1]) };
    },
    async doAssign({ values }, targets) {
      const got = await values.data();
      return targets.flatMap((target, b) => {
        const [x, y] = target.values.data as Float32Array as unknown as [number, number];
        const [p, q] = [got[2 * b]!, got[2 * b + 1]!];
        const straight = !matched || Math.abs(p - x) + Math.abs(q - y) <= Math.abs(p - y) + Math.abs(q - x);
        return straight ? [x, y] : [y, x];
      });
    },
    doLoss({ values }, targets, assigned): LossTerms {
      const goal = tensor2d([...assigned], [targets.length * 2, 1]);
      const distance = mean(abs(sub(reshape(values, [targets.length * 2, 1]), goal))) as Scalar;
      return { total: distance, terms: { distance } };
    },
    async doPostprocess({ values }, metas) {
      const data = await values.data();
      return metas.map((_, i) => [data[2 * i]!, data[2 * i + 1]!]);
    },
    createMetrics: meanError,
    primaryMetric: { name: 'error', better: 'lower' },
  });
  return { build };
}

function meanError(): MetricAccumulator<number[], TargetOf<Fields>> {
  let sum = 0;
  let count = 0;
  return {
    update(batch) {
      for (const { result, target } of batch) {
        const goal = [...target.values.data].sort();
        for (const [i, value] of [...result].sort().entries()) sum += Math.abs(value - goal[i]!);
        count += 2;
      }
    },
    compute: () => ({ error: sum / count }),
    reset() {
      sum = 0;
      count = 0;
    },
  };
}

/** 32 x 32 pictures whose halves have different grey values and a little noise; targets for any number of heads. */
export function halvesBatch(ids: readonly number[], heads: readonly string[]): Batch {
  const side = 32;
  const data = new Float32Array(ids.length * side * side * 3);
  const values = ids.map((id, b) => {
    const random = Random.derive(17, id);
    const grey = [random.uniform(-1, 1), random.uniform(-1, 1)] as const;
    for (let i = 0; i < side * side; i++) {
      for (let c = 0; c < 3; c++)
        data[(b * side * side + i) * 3 + c] = grey[i % side < side / 2 ? 0 : 1] + 0.1 * random.normal();
    }
    return { values: { data: Float32Array.from(grey), shape: [2] } };
  });
  const meta: ImageMeta = { originalSize: [side, side], resizedSize: [side, side], inputSize: [side, side] };
  const targets = Object.fromEntries(heads.map((head) => [head, values]));
  return { images: { data, shape: [ids.length, side, side, 3] }, metas: ids.map(() => meta), targets, truths: targets };
}

export function halvesSource(heads: readonly string[], { pictures = 12, batchSize = 4 } = {}): BatchSource {
  return {
    pictures,
    batchSize,
    async *batches(from, options) {
      for (let at = from; !options?.signal?.aborted; at += batchSize) {
        yield halvesBatch(
          Array.from({ length: batchSize }, (_, i) => (at + i) % pictures),
          heads,
        );
      }
    },
  };
}

export function halvesEvaluation(heads: readonly string[], pictures = 6): EvaluationSource {
  return {
    pictures,
    async *batches() {
      for (let at = 0; at < pictures; at += 4) {
        yield halvesBatch(
          Array.from({ length: Math.min(4, pictures - at) }, (_, i) => 1000 + at + i),
          heads,
        );
      }
    },
  };
}
