import '@glid/ops/gradients';
import { wasm } from '@glid/backend-wasm';
import { expectClose } from '@glid/test-utils';
import { enableProdMode, setBackend } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { createModel } from '../../src/model/create-model.ts';
import { pretrain } from '../../src/pretraining/pretrain.ts';
import type { EvaluationEvent, StepEvent, TrainingEvent } from '../../src/training/events.ts';
import { microConfig } from '../micro.ts';
import { flatten } from './micro.ts';
import { halvesEvaluation, halvesSource } from './micro-tasks.ts';

beforeAll(async () => {
  enableProdMode();
  await wasm({ nativeGemm: 'off' }).create();
  expect(await setBackend('wasm')).toBe(true);
});

async function collect(events: AsyncIterable<TrainingEvent>): Promise<TrainingEvent[]> {
  const all: TrainingEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

describe('pretrain', () => {
  it('learns to fill in raw pixels, and reports what trivial answers score', async () => {
    const model = await createModel({ backbone: microConfig, pretrain: { unit: 8, target: 'raw' } });
    const events = await collect(
      pretrain({
        model,
        data: halvesSource([]),
        overfit: 2,
        steps: 120,
        optimizer: { learningRate: 4e-3, beta2: 0.95 },
        evaluation: { data: halvesEvaluation([]), everySteps: 60 },
        leaks: 'fail',
      }),
    );
    const steps = events.filter((e): e is StepEvent => e.type === 'step');
    expect(steps.at(-1)!.loss).toBeLessThan(steps[0]!.loss / 4);
    expect(Object.keys(steps[0]!.terms)).toEqual(['pixels']);
    const evaluations = events.filter((e): e is EvaluationEvent => e.type === 'evaluation');
    expect(evaluations).toHaveLength(2);
    // Halves are of one grey: the mean of a unit leaves the noise of 0.1 alone.
    expect(evaluations[0]!.metrics.patchMean).toBeCloseTo(0.01, 3);
    expect(evaluations[0]!.metrics.channelMean).toBeLessThan(evaluations[0]!.metrics.patchMean!);
    expect(evaluations[1]!.metrics.patchMean).toBe(evaluations[0]!.metrics.patchMean);
  });

  it('gives the same course with recomputed blocks, and the same bits when run again', async () => {
    const run = async (recompute: boolean): Promise<{ losses: number[]; weights: Float32Array }> => {
      const model = await createModel({ backbone: microConfig, pretrain: { unit: 8 } });
      const events = await collect(
        pretrain({
          model,
          data: halvesSource([]),
          steps: 3,
          optimizer: { learningRate: 1e-3 },
          recompute,
          leaks: 'fail',
        }),
      );
      const losses = events.filter((e): e is StepEvent => e.type === 'step').map((e) => e.loss);
      return { losses, weights: await flatten(model.parameters) };
    };
    const plain = await run(false);
    expect(await run(false)).toEqual(plain);
    expectClose((await run(true)).losses, plain.losses, 1e-5);
  });

  it('needs a model that was made for it', async () => {
    const model = await createModel({ backbone: microConfig });
    expect(() => pretrain({ model, data: halvesSource([]), steps: 1, optimizer: { learningRate: 1 } })).toThrow(
      expect.objectContaining({ code: 'GLID_USAGE' }),
    );
  });
});
