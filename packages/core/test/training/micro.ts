import { Random } from '@glid/base';
import type { ImageMeta, ParameterSpecs } from '@glid/head-kit';
import {
  add,
  matMul,
  mean,
  mul,
  reshape,
  type Scalar,
  square,
  sub,
  sum,
  type Tensor,
  type Tensor2D,
  tanh,
  tensor,
  tensor2d,
} from '@tensorflow/tfjs-core';
import type { Batch, BatchSource } from '../../src/training/batch.ts';
import type { Objective, ParameterRecord } from '../../src/training/objective.ts';
import type { TrainPlan } from '../../src/training/train-plan.ts';

/** The smallest thing with every trait of the real one: matching, chance in the forward pass, parameters without decay. */
export interface MicroForward {
  readonly x: Tensor2D;
  readonly answers: Tensor;
}

export const microSpecs: ParameterSpecs = {
  'encoder.kernel': { shape: [12, 8], init: { kind: 'truncatedNormal', std: 0.3 } },
  'encoder.bias': { shape: [8], init: { kind: 'zeros' }, decay: false },
  'heads.a.kernel': { shape: [8, 2], init: { kind: 'truncatedNormal', std: 0.3 } },
};

/** Each picture has two answers; the one nearer to the target is matched to it, as a detector's queries are. */
export const microObjective: Objective<Float32Array, MicroForward, Float32Array> = {
  specs: microSpecs,
  draw(batch, { random }) {
    return Float32Array.from({ length: batch.images.shape[0] * 8 }, () => 0.05 * random.normal());
  },
  forward(parameters, batch, drawn) {
    const x = tensor2d(batch.images.data, [batch.images.shape[0], 12]);
    const noise = tensor2d(drawn, [batch.images.shape[0], 8]);
    const hidden = tanh(
      add(add(matMul(x, parameters['encoder.kernel'] as Tensor2D), parameters['encoder.bias']!), noise),
    );
    return { x, answers: matMul(hidden, parameters['heads.a.kernel'] as Tensor2D) };
  },
  async assign({ answers }, batch) {
    const values = await answers.data();
    return Float32Array.from({ length: batch.images.shape[0] * 2 }, (_, i) => {
      const b = i >> 1;
      const target = batch.targets.a![b]!.value!.data[0]!;
      const nearer = Math.abs(values[2 * b]! - target) <= Math.abs(values[2 * b + 1]! - target) ? 0 : 1;
      return (i & 1) === nearer ? 1 : 0;
    });
  },
  loss({ answers }, batch, matched) {
    const target = tensor2d(
      batch.targets.a!.flatMap((t) => [t.value!.data[0]!, t.value!.data[0]!]),
      [batch.images.shape[0], 2],
    );
    const fit = mean(
      sum(mul(square(sub(answers, target)), tensor2d(matched, [batch.images.shape[0], 2])), 1),
    ) as Scalar;
    const size = mul(mean(square(answers)), 0.01) as Scalar;
    return { total: add(fit, size) as Scalar, terms: { fit, size } };
  },
  watched: ({ answers }) => ({ answers: reshape(answers, [answers.shape[0]!, 2, 1]) }),
};

/** Picture p depends on the seed and its place in the epoch's permutation alone; the target is a function of its pixels. */
export function microSource({
  pictures = 20,
  batchSize = 4,
  rank = 0,
  world = 1,
  seed = 5,
} = {}): BatchSource & { opened: number[] } {
  const opened: number[] = [];
  return {
    pictures,
    batchSize,
    opened,
    async *batches(from, options) {
      opened.push(from);
      for (let at = from + rank * batchSize; !options?.signal?.aborted; at += world * batchSize) {
        yield microBatch(Array.from({ length: batchSize }, (_, i) => place(seed, pictures, at + i)));
      }
    },
  };
}

function place(seed: number, pictures: number, p: number): number {
  const epoch = Math.floor(p / pictures);
  return Random.derive(seed, 'epoch', epoch).permutation(pictures)[p % pictures]!;
}

export function microBatch(ids: readonly number[]): Batch {
  const meta: ImageMeta = { originalSize: [2, 2], resizedSize: [2, 2], inputSize: [2, 2] };
  const pixels = ids.map((id) => {
    const random = Random.derive(99, id);
    return Float32Array.from({ length: 12 }, () => random.normal());
  });
  const targets = pixels.map((p) => ({ value: { data: Float32Array.of(Math.tanh(p[0]! - p[5]!)), shape: [1] } }));
  const images = Float32Array.from(pixels.flatMap((p) => [...p]));
  return {
    images: { data: images, shape: [ids.length, 2, 2, 3] },
    metas: ids.map(() => meta),
    targets: { a: targets },
  };
}

export function microParameters(seed = 1): ParameterRecord {
  const random = new Random(seed);
  return Object.fromEntries(
    Object.entries(microSpecs).map(([name, { shape, init }]) => {
      const size = shape.reduce((a, b) => a * b, 1);
      const values = Float32Array.from({ length: size }, () => (init.kind === 'zeros' ? 0 : 0.3 * random.normal()));
      return [name, tensor(values, [...shape])];
    }),
  );
}

/** A plan of ten steps; every test changes what it is about. */
export function microPlan(changes: Partial<TrainPlan> = {}): TrainPlan {
  return {
    objective: microObjective as Objective,
    parameters: microParameters(),
    source: microSource(),
    steps: 10,
    optimizer: { learningRate: 0.02, weightDecay: 0.01, schedule: { kind: 'cosine', warmUp: { steps: 2 } } },
    seed: 3,
    leaks: 'fail',
    ...changes,
  };
}

/** All values of a record, in one array. */
export async function flatten(parameters: Readonly<ParameterRecord>): Promise<Float32Array> {
  const parts = await Promise.all(Object.values(parameters).map((t) => t.data()));
  return Float32Array.from(parts.flatMap((p) => [...p]));
}
