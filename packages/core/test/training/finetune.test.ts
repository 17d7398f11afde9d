import '@glid/ops/gradients';
import { wasm } from '@glid/backend-wasm';
import { constantsInUse } from '@glid/ops';
import { expectClose } from '@glid/test-utils';
import { enableProdMode, memory, setBackend } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { evaluateHeads } from '../../src/finetune/evaluate-heads.ts';
import { finetune } from '../../src/finetune/finetune.ts';
import { createModel } from '../../src/model/create-model.ts';
import type { ModelConfig } from '../../src/model/model-config.ts';
import type { EvaluationSource } from '../../src/training/batch.ts';
import { checkpointWeights } from '../../src/training/checkpoint/checkpoints.ts';
import { memoryStore } from '../../src/training/checkpoint/memory-store.ts';
import type { EvaluationEvent, StepEvent, TrainingEvent } from '../../src/training/events.ts';
import type { LoadReport } from '../../src/weights/partial/load-report.ts';
import { fromBytes } from '../../src/weights/source/from-bytes.ts';
import { microConfig } from '../micro.ts';
import { flatten } from './micro.ts';
import { halves, halvesEvaluation, halvesSource } from './micro-tasks.ts';

beforeAll(async () => {
  enableProdMode();
  await wasm({ nativeGemm: 'off' }).create();
  expect(await setBackend('wasm')).toBe(true);
});

const deep: ModelConfig = { ...microConfig, encoder: { ...microConfig.encoder, dropPath: 0.2 } };
const one = (backbone: ModelConfig = microConfig, seed = 0) =>
  createModel({ backbone, heads: { a: halves(true) }, seed });

async function collect(events: AsyncIterable<TrainingEvent>): Promise<TrainingEvent[]> {
  const all: TrainingEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}
const losses = (events: readonly TrainingEvent[]): number[] =>
  events.filter((e): e is StepEvent => e.type === 'step').map((e) => e.loss);

describe('finetune', () => {
  it('learns a few pictures by heart, and frees everything but the model', async () => {
    const model = await one();
    const before = memory().numTensors - constantsInUse().count;
    const events = await collect(
      finetune({
        model,
        data: halvesSource(['a']),
        overfit: 4,
        steps: 60,
        optimizer: { learningRate: 5e-3, clip: 1 },
        leaks: 'fail',
      }),
    );
    const course = losses(events);
    expect(events.at(-1)!.type).toBe('finished');
    expect(course.slice(-5).reduce((a, b) => a + b) / 5).toBeLessThan(course[0]! / 4);
    const first = events.find((e): e is StepEvent => e.type === 'step')!;
    expect(Object.keys(first.terms)).toEqual(['a.distance']);
    expect(first.spread!['a.values']!.overQueries).not.toBeNull();
    expect(memory().numTensors - constantsInUse().count).toBe(before);
  });

  it('evaluates each head on the batches that have something for it, and misses one that has nothing anywhere', async () => {
    const model = await createModel({ backbone: microConfig, heads: { a: halves(true), b: halves(true) }, seed: 0 });
    const [first, second] = [halvesEvaluation(['a'], 6), halvesEvaluation(['b'], 3)];
    const mixed: EvaluationSource = {
      pictures: 9,
      async *batches() {
        yield* second.batches();
        yield* first.batches();
      },
    };
    const both = await evaluateHeads(model, mixed);
    const { a, b } = model.heads;
    const alone = [
      await evaluateHeads({ ...model, heads: { a } }, first),
      await evaluateHeads({ ...model, heads: { b } }, second),
    ];
    expect(both.metrics).toEqual({ ...alone[0]!.metrics, ...alone[1]!.metrics });
    expect(Object.keys(both.metrics)).toEqual(['a.error', 'b.error']);
    await expect(evaluateHeads(model, first)).rejects.toThrow(/no ground truth in original pixels for 'b'/);
  });

  it("evaluates in original pixels, watches the head's own metric, and its best weights make the model again", async () => {
    const model = await one();
    const store = memoryStore();
    const seen: unknown[] = [];
    const events = await collect(
      finetune({
        model,
        data: halvesSource(['a']),
        epochs: 2,
        optimizer: { learningRate: 2e-3, layerDecay: 0.9, weightDecay: 0.05 },
        evaluation: { data: halvesEvaluation(['a']), everySteps: 3 },
        checkpoints: { store, everySteps: 3 },
        onResults: (_, samples) => seen.push(...samples),
      }),
    );
    const evaluations = events.filter((e): e is EvaluationEvent => e.type === 'evaluation');
    expect(evaluations.map((e) => e.step)).toEqual([3, 6]);
    expect(seen).toHaveLength(12);
    const best = Math.min(...evaluations.map((e) => e.metrics['a.error']!));
    expect(events.at(-1)).toMatchObject({ type: 'finished', best: { value: best } });
    const weights = await checkpointWeights(store);
    const again = await createModel({
      backbone: microConfig,
      heads: { a: halves(true) },
      seed: 9,
      weights: fromBytes(weights!),
    });
    const step = evaluations.find((e) => e.metrics['a.error'] === best)!.step;
    if (step === 6) expect(await flatten(again.parameters)).toEqual(await flatten(model.parameters));
    else expect(await flatten(again.parameters)).not.toEqual(await flatten(model.parameters));
  });

  it('trains several heads at once; heads that are not asked for stay as they are', async () => {
    const heads = { a: halves(true), b: halves(false), c: halves(false) };
    const model = await createModel({ backbone: microConfig, heads });
    const untouched = await model.parameters['heads.c.out.kernel']!.data();
    const data = halvesSource(['a', 'b']);
    const events = await collect(
      finetune({
        model,
        heads: ['a', 'b'],
        data,
        steps: 3,
        optimizer: { learningRate: 1e-3 },
        lossWeights: { b: 0.5 },
        leaks: 'fail',
      }),
    );
    const step = events.find((e): e is StepEvent => e.type === 'step')!;
    expect(Object.keys(step.terms)).toEqual(['a.distance', 'b.distance']);
    expect(step.loss).toBeCloseTo(step.terms['a.distance']! + step.terms['b.distance']!, 5);
    expect(await model.parameters['heads.c.out.kernel']!.data()).toEqual(untouched);
    expect(events[0]).toMatchObject({ frozen: { parameters: 2 } });
  });

  it('lets a head without targets sit a batch out', async () => {
    const model = await createModel({ backbone: microConfig, heads: { a: halves(true), b: halves(false) } });
    const events = await collect(
      finetune({ model, data: halvesSource(['b']), steps: 1, optimizer: { learningRate: 1e-3 } }),
    );
    expect(Object.keys(events.find((e): e is StepEvent => e.type === 'step')!.terms)).toEqual(['b.distance']);
  });

  it('shares queries between heads when told to, and keeps them equal', async () => {
    const model = await createModel({ backbone: microConfig, heads: { a: halves(true), b: halves(false) } });
    const value = (key: string) => model.parameters[`queries.${key}.embedding`]!.data();
    const start = await value('a');
    const data = halvesSource(['a', 'b']);
    const run = (sharedQueries: ('a' | 'b')[][]) =>
      collect(
        finetune({
          model,
          data,
          steps: 2,
          optimizer: { learningRate: 1e-3 },
          average: { decay: 0.5 },
          sharedQueries,
          leaks: 'fail',
        }),
      );
    await run([['a', 'b']]);
    expect(await value('a')).toEqual(await value('b'));
    expect(await value('a')).not.toEqual(start);
    await run([]);
    expect(await value('a')).not.toEqual(await value('b'));
    const other = await createModel({ backbone: microConfig, heads: { a: halves(true), b: halves(true, 'learned') } });
    expect(() =>
      finetune({ model: other, data, steps: 1, optimizer: { learningRate: 1 }, sharedQueries: [['a', 'b']] }),
    ).toThrow(expect.objectContaining({ code: 'GLID_CONFIG' }));
  });

  it('gives the same course with recomputed blocks, random depth included', async () => {
    const run = async (recompute: boolean): Promise<number[]> => {
      const model = await one(deep);
      return losses(
        await collect(
          finetune({
            model,
            data: halvesSource(['a']),
            steps: 4,
            optimizer: { learningRate: 1e-3 },
            recompute,
            leaks: 'fail',
            seed: 4,
          }),
        ),
      );
    };
    expectClose(await run(true), await run(false), 1e-5);
  });

  it('starts from the named parts of other weights and reports what it took', async () => {
    const source = await one(microConfig, 5);
    const store = memoryStore();
    await collect(
      finetune({
        model: source,
        data: halvesSource(['a']),
        steps: 1,
        optimizer: { learningRate: 1e-3 },
        checkpoints: { store, everySteps: 1 },
      }),
    );
    const weights = (await checkpointWeights(store, 'latest'))!;
    const model = await createModel({ backbone: microConfig, heads: { b: halves(false) }, seed: 6 });
    let report: LoadReport | undefined;
    const run = finetune({
      model,
      data: halvesSource(['b']),
      from: fromBytes(weights),
      parts: ['encoder', 'neck'],
      onLoad: (r) => {
        report = r;
      },
      steps: 1,
      optimizer: { learningRate: 1e-9 },
    });
    await collect(run);
    expect(new Set(report!.loaded.map((name) => name.split('.')[0]))).toEqual(new Set(['encoder', 'neck']));
    expect(report!.leftOver).toContain('heads.a.out.kernel');
    expect(report!.initialised).toContain('heads.b.out.kernel');
    const name = 'encoder.patchEmbed.kernel';
    const taken = Object.keys(model.parameters).find((key) => key.startsWith('encoder.')) ?? name;
    expectClose(await model.parameters[taken]!.data(), await source.parameters[taken]!.data(), 1e-6);
  });

  it('resumes on the same bits', async () => {
    const options = {
      data: halvesSource(['a']),
      steps: 4,
      optimizer: { learningRate: 2e-3 },
      average: { decay: 0.9 },
      seed: 2,
    };
    const whole = await one(deep);
    await collect(finetune({ ...options, model: whole }));
    const store = memoryStore();
    const first = await one(deep);
    for await (const event of finetune({ ...options, model: first, checkpoints: { store, everySteps: 2 } })) {
      if (event.type === 'step' && event.step === 3) break;
    }
    const second = await one(deep, 99);
    const events = await collect(finetune({ ...options, model: second, checkpoints: { store, everySteps: 2 } }));
    expect(events[0]).toMatchObject({ resumedFrom: 'step-000000002' });
    expect(await flatten(second.parameters)).toEqual(await flatten(whole.parameters));
  });

  it('refuses what makes no sense', async () => {
    const model = await one();
    const data = halvesSource(['a']);
    const optimizer = { learningRate: 1e-3 };
    await expect(collect(finetune({ model, data, optimizer }))).rejects.toThrow(/steps.*epochs/);
    await expect(collect(finetune({ model, data, optimizer, steps: 1, epochs: 1 }))).rejects.toThrow(/steps.*epochs/);
    expect(() => finetune({ model, data, optimizer, steps: 1, heads: ['z' as 'a'] })).toThrow(/no head 'z'/);
  });
});
