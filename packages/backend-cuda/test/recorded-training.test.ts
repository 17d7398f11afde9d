import '@glid/ops/gradients';
import { disposeConstants } from '@glid/ops';
import { enableProdMode, memory } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { finetune } from '../../core/src/finetune/finetune.ts';
import { createModel } from '../../core/src/model/create-model.ts';
import type { ModelConfig } from '../../core/src/model/model-config.ts';
import { microConfig } from '../../core/test/micro.ts';
import { halves, halvesSource } from '../../core/test/training/micro-tasks.ts';
import { type Simulated, simulatedBackend } from './simulated-backend.ts';
import { withoutCompiler } from './simulator.ts';

enableProdMode();

interface Run {
  readonly losses: number[];
  readonly norms: number[];
  readonly weights: Record<string, number[]>;
  /** Of every step. */
  readonly launches: number[];
  readonly bytesHeld: number;
}

describe.skipIf(withoutCompiler)('training with recorded passes on the simulator (needs g++)', () => {
  let simulated: Simulated;
  beforeAll(async () => {
    simulated = await simulatedBackend();
  });
  afterAll(() => simulated.dispose());

  async function run(graphs: boolean, steps: number, config: ModelConfig = microConfig): Promise<Run> {
    const { backend } = simulated;
    const model = await createModel({ backbone: config, heads: { a: halves(true) }, seed: 3 });
    const [losses, norms, launches]: [number[], number[], number[]] = [[], [], []];
    const before = backend.bytesInUse();
    let [largest, last] = [0, backend.launches()];
    const options = { model, data: halvesSource(['a']), steps, optimizer: { learningRate: 4e-3, clip: 1 }, graphs };
    for await (const event of finetune(options)) {
      if (event.type !== 'step') continue;
      losses.push(event.loss);
      norms.push(event.gradientNorm);
      launches.push(backend.launches() - last);
      last = backend.launches();
      largest = Math.max(largest, backend.bytesInUse() - before);
    }
    const weights: Record<string, number[]> = {};
    for (const [name, t] of Object.entries(model.parameters)) weights[name] = Array.from(await t.data());
    model.dispose();
    disposeConstants();
    return { losses, norms, weights, launches, bytesHeld: largest };
  }

  it('makes the steps of a run without, bit for bit, with two launches for the passes, and gives its memory back', async () => {
    const eager = await run(false, 5);
    const [bytes, { numTensors }] = [simulated.backend.bytesInUse(), memory()];
    const recorded = await run(true, 5);
    expect(recorded.losses).toEqual(eager.losses);
    expect(recorded.norms).toEqual(eager.norms);
    expect(recorded.weights).toEqual(eager.weights);
    expect(recorded.losses.at(-1)).toBeLessThan(recorded.losses[0]!);
    // The first batch is computed as ever, the second recorded.
    expect(recorded.launches[0]).toBeGreaterThan(200);
    for (const launches of recorded.launches.slice(2)) expect(launches).toBeLessThan(60);
    expect(recorded.bytesHeld).toBeGreaterThan(eager.bytesHeld);
    expect(simulated.backend.bytesInUse()).toBe(bytes);
    expect(memory().numTensors).toBe(numTensors);
  });

  it('computes as ever where chance is drawn', async () => {
    const config = { ...microConfig, encoder: { ...microConfig.encoder, dropPath: 0.3 } };
    const [eager, asked] = [await run(false, 2, config), await run(true, 2, config)];
    expect(asked.losses).toEqual(eager.losses);
    expect(asked.launches.slice(1)).toEqual(eager.launches.slice(1));
  });
});
