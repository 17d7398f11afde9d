import '@glid/ops/gradients';
import '@tensorflow/tfjs-backend-cpu';
import { GlidError } from '@glid/base';
import { expectClose } from '@glid/test-utils';
import { enableProdMode, memory, mul, type Scalar, setBackend, tensor, zeros } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { checkpointWeights, latestState } from '../../src/training/checkpoint/checkpoints.ts';
import { memoryStore } from '../../src/training/checkpoint/memory-store.ts';
import { type EvaluationEvent, eventLine, type StepEvent, type TrainingEvent } from '../../src/training/events.ts';
import { parseLog } from '../../src/training/jsonl-log.ts';
import type { Objective } from '../../src/training/objective.ts';
import { trainingReport } from '../../src/training/report/training-report.ts';
import { train } from '../../src/training/train.ts';
import type { TrainPlan } from '../../src/training/train-plan.ts';
import { flatten, microBatch, microObjective, microParameters, microPlan, microSource } from './micro.ts';

beforeAll(async () => {
  enableProdMode();
  expect(await setBackend('cpu')).toBe(true);
});

/** All events of a run, with its error if it failed. */
async function record(plan: TrainPlan): Promise<{ events: TrainingEvent[]; error: unknown }> {
  const events: TrainingEvent[] = [];
  try {
    for await (const event of train(plan)) events.push(event);
  } catch (error) {
    return { events, error };
  }
  return { events, error: undefined };
}

const stepsOf = (events: readonly TrainingEvent[]): StepEvent[] =>
  events.filter((e): e is StepEvent => e.type === 'step');
const terminal = new Set(['finished', 'aborted', 'failed']);

function expectStream(events: readonly TrainingEvent[]): void {
  expect(events.filter((e) => terminal.has(e.type))).toHaveLength(1);
  expect(terminal.has(events.at(-1)!.type)).toBe(true);
  for (let i = 1; i < events.length; i++) {
    expect(events[i]!.progress).toBeGreaterThanOrEqual(events[i - 1]!.progress);
    expect(events[i]!.step).toBeGreaterThanOrEqual(events[i - 1]!.step);
  }
  for (const event of events) expect(() => JSON.parse(eventLine(event))).not.toThrow();
}

describe('train', () => {
  it('learns, tells what it does, and leaves only the parameters behind', async () => {
    const before = memory().numTensors;
    const plan = microPlan({ steps: 60 });
    const { events, error } = await record(plan);
    expect(error).toBeUndefined();
    expectStream(events);
    const steps = stepsOf(events);
    expect(steps.map((s) => s.step)).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
    expect(events[0]).toMatchObject({
      type: 'started',
      trainable: { parameters: 3, numbers: 120 },
      frozen: { parameters: 0 },
      resumedFrom: null,
    });
    expect(events.at(-1)).toMatchObject({ type: 'finished', reason: 'all-steps', progress: 1, best: null });
    const early = steps.slice(0, 5).reduce((a, s) => a + s.loss, 0);
    const late = steps.slice(-5).reduce((a, s) => a + s.loss, 0);
    expect(late).toBeLessThan(early / 4);
    expect(steps[0]).toMatchObject({ learningRate: 0, pictures: 4, epoch: 0.2 });
    expect(steps[1]!.learningRate).toBeCloseTo(0.01, 12);
    for (const step of steps) expect(step.loss).toBeCloseTo(step.terms.fit! + step.terms.size!, 5);
    expect(steps[0]!.spread!.answers!.overPictures).toBeGreaterThan(0);
    expect(steps[0]!.spread!.answers!.overQueries).toBeGreaterThan(0);
    expect(steps[1]!.spread).toBeUndefined();
    expect(memory().numTensors - before).toBe(3);
  });

  it('warns once of answers that are the same for every picture: in the events, the log and the report', async () => {
    const stuck: Objective = {
      ...(microObjective as Objective),
      watched: () => ({ 'cells.boxes': tensor([0.2, 0.7, 0.2, 0.7, 0.2, 0.7, 0.2, 0.7], [4, 2, 1]) }),
    };
    const { events } = await record(microPlan({ objective: stuck, steps: 8, watchEvery: 2 }));
    const warnings = events.filter((e) => e.type === 'warning');
    expect(warnings).toMatchObject([{ about: 'plateau', step: 5 }]);
    const [restored] = parseLog(`${eventLine(warnings[0]!)}\n`);
    expect(restored).toEqual(warnings[0]);
    expect(trainingReport({ title: 't', events })).toContain('gives every picture the same answer');
    const alone = microPlan({ objective: stuck, steps: 8, watchEvery: 2, source: microSource({ batchSize: 1 }) });
    expect((await record(alone)).events.some((e) => e.type === 'warning')).toBe(false);
  });

  it('accumulates: two batches of four are one of eight', async () => {
    const quiet: Objective = {
      ...(microObjective as Objective),
      draw: (batch) => new Float32Array(batch.images.shape[0] * 8),
    };
    const one = microPlan({ objective: quiet, source: microSource({ batchSize: 8 }) });
    const two = microPlan({ objective: quiet, source: microSource({ batchSize: 4 }), accumulate: 2 });
    const a = await record(one);
    const b = await record(two);
    expect(b.error).toBeUndefined();
    expectClose(
      stepsOf(b.events).map((s) => s.loss),
      stepsOf(a.events).map((s) => s.loss),
      1e-5,
    );
    expectClose(
      stepsOf(b.events).map((s) => s.gradientNorm),
      stepsOf(a.events).map((s) => s.gradientNorm),
      1e-5,
    );
    expect(stepsOf(b.events).map((s) => s.pictures)).toEqual(stepsOf(a.events).map((s) => s.pictures));
    expectClose(await flatten(two.parameters), await flatten(one.parameters), 1e-4);
  });

  it('clips to the global norm and reports the norm before', async () => {
    const free = await record(microPlan({ steps: 1, optimizer: { learningRate: 0.1, epsilon: 1 } }));
    const clipped = await record(microPlan({ steps: 1, optimizer: { learningRate: 0.1, epsilon: 1, clip: 1e-3 } }));
    expect(stepsOf(clipped.events)[0]!.gradientNorm).toBe(stepsOf(free.events)[0]!.gradientNorm);
    // With a large epsilon Adam's step is proportional to the gradient: m / (0 + 1).
    const move = async (clip?: number): Promise<number> => {
      const plan = microPlan({ steps: 1, optimizer: { learningRate: 0.1, epsilon: 1e6, ...(clip ? { clip } : {}) } });
      const start = await flatten(plan.parameters);
      await record({ ...plan, optimizer: { ...plan.optimizer, learningRate: 1e7 } });
      const end = await flatten(plan.parameters);
      return Math.hypot(...end.map((value, i) => value - start[i]!));
    };
    const norm = stepsOf(free.events)[0]!.gradientNorm;
    expect(await move(norm / 10)).toBeCloseTo((await move()) / 10, 3);
  });

  it('freezes by pattern', async () => {
    const plan = microPlan({ optimizer: { learningRate: 0.05, freeze: ['encoder.*'] } });
    const encoder = await plan.parameters['encoder.kernel']!.data();
    const head = await plan.parameters['heads.a.kernel']!.data();
    const { events } = await record(plan);
    expect(events[0]).toMatchObject({
      trainable: { parameters: 1, numbers: 16 },
      frozen: { parameters: 2, numbers: 104 },
    });
    expect(await plan.parameters['encoder.kernel']!.data()).toEqual(encoder);
    expect(await plan.parameters['heads.a.kernel']!.data()).not.toEqual(head);
  });

  it('evaluates, keeps the best weights, and stops early', async () => {
    const store = memoryStore();
    const scores = [1, 3, 2, 2, 9];
    const seen: Float32Array[] = [];
    const plan = microPlan({
      steps: 10,
      checkpoints: { store, everySteps: 4, metadata: new Map([['who', 'micro']]) },
      evaluation: {
        everySteps: 2,
        metric: { name: 'score', better: 'higher' },
        stopping: { patience: 2 },
        run: async (parameters) => {
          seen.push(await flatten(parameters));
          return { metrics: { score: scores[seen.length - 1]! } };
        },
      },
    });
    const { events } = await record(plan);
    expectStream(events);
    const evaluations = events.filter((e): e is EvaluationEvent => e.type === 'evaluation');
    expect(evaluations.map((e) => [e.step, e.metrics.score, e.best])).toEqual([
      [2, 1, true],
      [4, 3, true],
      [6, 2, false],
      [8, 2, false],
    ]);
    expect(events.at(-1)).toMatchObject({
      type: 'finished',
      reason: 'early-stopping',
      step: 8,
      best: { step: 4, value: 3 },
    });
    expect(await store.list()).toEqual(['best-000000004', 'step-000000004', 'step-000000008']);
    const best = new TextDecoder().decode((await checkpointWeights(store))!.subarray(8, 60));
    expect(best).toContain('"who":"micro"');
  });

  it('averages: evaluation and the finished model use the average, training does not', async () => {
    const evaluated: Float32Array[] = [];
    const raw = microPlan();
    await record(raw);
    const plan = microPlan({
      average: { decay: 0.99 },
      evaluation: {
        everySteps: 10,
        run: async (parameters) => {
          evaluated.push(await flatten(parameters));
          return { metrics: {} };
        },
      },
    });
    const { events } = await record(plan);
    expectStream(events);
    expect(await flatten(plan.parameters)).toEqual(evaluated[0]);
    expect(await flatten(plan.parameters)).not.toEqual(await flatten(raw.parameters));
  });

  it('stops at a number that is not finite, naming term and parameter, with the weights of before', async () => {
    let bad = 0;
    const objective: Objective = {
      ...(microObjective as Objective),
      loss(forwarded, batch, assigned, context) {
        const { total, terms } = microObjective.loss(forwarded as never, batch, assigned as never, context);
        if (++bad < 4) return { total, terms };
        const fit = mul(terms.fit!, Number.NaN) as Scalar;
        return { total: mul(total, Number.NaN) as Scalar, terms: { ...terms, fit } };
      },
    };
    const reference = microPlan({ steps: 10 });
    const saved: Float32Array[] = [];
    for await (const event of train(reference))
      if (event.step === 3 && event.type === 'step') saved.push(await flatten(reference.parameters));
    const plan = microPlan({ objective });
    const { events, error } = await record(plan);
    expectStream(events);
    expect(GlidError.isInstance(error, 'GLID_NON_FINITE')).toBe(true);
    expect((error as GlidError).details).toMatchObject({ step: 4, term: 'fit', parameter: 'encoder.kernel' });
    expect((error as Error).message).toMatch(/Step 4 .*'fit' is NaN.*'encoder.kernel'/);
    expect(events.at(-1)).toMatchObject({ type: 'failed', step: 3 });
    expect(await flatten(plan.parameters)).toEqual(saved[0]);
  });

  it('names the first parameter whose gradient is not finite', async () => {
    const parameters = microParameters();
    parameters['heads.a.kernel']!.dispose();
    parameters['heads.a.kernel'] = tensor(new Float32Array(16).fill(1e30), [8, 2]);
    const { error } = await record(microPlan({ parameters, steps: 1, optimizer: { learningRate: 0.1 } }));
    expect((error as GlidError).code).toBe('GLID_NON_FINITE');
    expect((error as GlidError).details.parameter).toBe('encoder.kernel');
  });

  it('aborts between steps, saves, and goes on to the same end', async () => {
    const whole = microPlan({ average: { decay: 0.9 } });
    const all = await record(whole);
    const store = memoryStore();
    const stop = new AbortController();
    const source = microSource();
    const plan = microPlan({
      average: { decay: 0.9 },
      source,
      checkpoints: { store, everySteps: 100 },
      signal: stop.signal,
    });
    const events: TrainingEvent[] = [];
    for await (const event of train(plan)) {
      events.push(event);
      if (event.type === 'step' && event.step === 4) stop.abort();
    }
    expectStream(events);
    expect(events.slice(-2).map((e) => e.type)).toEqual(['checkpoint', 'aborted']);
    expect((await latestState(store))!.state.step).toBe(4);
    const again = microPlan({
      average: { decay: 0.9 },
      source,
      parameters: microParameters(77),
      checkpoints: { store, everySteps: 100 },
    });
    const rest = await record(again);
    expectStream(rest.events);
    expect(rest.events[0]).toMatchObject({ type: 'started', step: 4, resumedFrom: 'step-000000004' });
    expect(source.opened).toEqual([0, 16]);
    expect([...stepsOf(events), ...stepsOf(rest.events)].map((s) => s.loss)).toEqual(
      stepsOf(all.events).map((s) => s.loss),
    );
    expect(await flatten(again.parameters)).toEqual(await flatten(whole.parameters));
    const third = await record(microPlan({ average: { decay: 0.9 }, checkpoints: { store, everySteps: 100 } }));
    expect(third.events.map((e) => e.type)).toEqual(['started', 'finished']);
  });

  it('aborts inside a step by dropping it, and before the first step without a checkpoint', async () => {
    const stop = new AbortController();
    const slow = microSource();
    const source = {
      ...slow,
      async *batches(from: number, options?: { signal?: AbortSignal }) {
        let n = 0;
        for await (const batch of slow.batches(from, options)) {
          if (++n === 4) stop.abort();
          if (stop.signal.aborted) return;
          yield batch;
        }
      },
    };
    const { events } = await record(microPlan({ source, accumulate: 3, signal: stop.signal }));
    expectStream(events);
    expect(events.map((e) => [e.type, e.step])).toEqual([
      ['started', 0],
      ['step', 1],
      ['aborted', 1],
    ]);
    const none = await record(
      microPlan({ signal: AbortSignal.abort(), checkpoints: { store: memoryStore(), everySteps: 1 } }),
    );
    expect(none.events.map((e) => e.type)).toEqual(['started', 'aborted']);
  });

  it('an evaluation that was cut off by an abort comes first after resuming', async () => {
    const store = memoryStore();
    const stop = new AbortController();
    const evaluation = (run: () => Promise<{ metrics: Record<string, number> }>) => ({
      everySteps: 5,
      metric: { name: 'm', better: 'lower' as const },
      run,
    });
    const first = await record(
      microPlan({
        signal: stop.signal,
        checkpoints: { store, everySteps: 5 },
        evaluation: evaluation(async () => {
          stop.abort();
          throw new Error('aborted');
        }),
      }),
    );
    expect(first.events.map((e) => e.type).slice(-2)).toEqual(['checkpoint', 'aborted']);
    const second = await record(
      microPlan({ checkpoints: { store, everySteps: 5 }, evaluation: evaluation(async () => ({ metrics: { m: 1 } })) }),
    );
    expect(second.events.map((e) => [e.type, e.step]).slice(0, 4)).toEqual([
      ['started', 5],
      ['evaluation', 5],
      ['checkpoint', 5],
      ['step', 6],
    ]);
  });

  it('refuses to resume with other settings, saying which', async () => {
    const store = memoryStore();
    await record(microPlan({ checkpoints: { store, everySteps: 5 } }));
    const other = microPlan({
      checkpoints: { store, everySteps: 5 },
      optimizer: { learningRate: 1, weightDecay: 0.01, schedule: { kind: 'constant' } },
    });
    const { events, error } = await record(other);
    expectStream(events);
    expect((error as GlidError).code).toBe('GLID_CONFIG');
    expect((error as Error).message).toContain('learningRate, schedule');
    const denied = await record(microPlan({ checkpoints: { store, everySteps: 5, resume: false } }));
    expect((denied.error as GlidError).code).toBe('GLID_USAGE');
  });

  it('finds a leak', async () => {
    const leaky: Objective = {
      ...(microObjective as Objective),
      async assign(forwarded, batch, context) {
        zeros([1]);
        return microObjective.assign(forwarded as never, batch, context);
      },
    };
    const failed = await record(microPlan({ objective: leaky }));
    expect((failed.error as Error).message).toContain('left 1 tensors behind');
    const warned = await record(microPlan({ objective: leaky, leaks: 'warn' }));
    expectStream(warned.events);
    expect(warned.events.filter((e) => e.type === 'warning')).toHaveLength(1);
  });

  it('fails with the error of the source, and when a source ends', async () => {
    const broken = {
      ...microSource(),
      async *batches() {
        yield microBatch([1, 2]);
        throw new Error('bad picture');
      },
    };
    const { events, error } = await record(microPlan({ source: broken }));
    expectStream(events);
    expect((error as Error).message).toBe('bad picture');
    const short = {
      ...microSource(),
      async *batches() {
        yield microBatch([1, 2]);
      },
    };
    expect(((await record(microPlan({ source: short }))).error as GlidError).code).toBe('GLID_DATA');
  });

  it('gives everything back when the consumer leaves', async () => {
    const before = memory().numTensors;
    for await (const event of train(microPlan({ average: { decay: 0.9 } }))) if (event.step === 2) break;
    expect(memory().numTensors - before).toBe(3);
  });

  it.each<Partial<TrainPlan>>([
    { steps: 0 },
    { accumulate: 1.5 },
    { optimizer: { learningRate: -1 } },
    { average: { decay: 1 } },
    { evaluation: { everySteps: 1, run: async () => ({ metrics: {} }), stopping: { patience: 1 } } },
    {
      evaluation: { everySteps: 1, run: async () => ({ metrics: { b: 1 } }), metric: { name: 'a', better: 'higher' } },
    },
  ])('refuses %j', async (changes) => {
    const { events, error } = await record(microPlan(changes));
    expectStream(events);
    expect((error as GlidError).code).toBe('GLID_CONFIG');
  });
});
