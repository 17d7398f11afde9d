import '@glid/ops/gradients';
import '@tensorflow/tfjs-backend-cpu';
import { wasm } from '@glid/backend-wasm';
import { Random } from '@glid/base';
import { disposeConstants } from '@glid/ops';
import { enableProdMode, memory, setBackend } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useBackend } from '../../core/src/backend/use-backend.ts';
import { finetuneObjective } from '../../core/src/finetune/finetune-objective.ts';
import { createModel } from '../../core/src/model/create-model.ts';
import { pretrainDefaults } from '../../core/src/pretrain/pretrain-config.ts';
import { pretrain } from '../../core/src/pretraining/pretrain.ts';
import { pretrainObjective } from '../../core/src/pretraining/pretrain-objective.ts';
import { accumulateGradients } from '../../core/src/training/accumulate.ts';
import type { Batch, BatchSource } from '../../core/src/training/batch.ts';
import { alone } from '../../core/src/training/collectives.ts';
import type { Objective } from '../../core/src/training/objective.ts';
import { microConfig } from '../../core/test/micro.ts';
import { halves, halvesSource } from '../../core/test/training/micro-tasks.ts';
import { cuda } from '../src/index.ts';
import { type Simulated, simulatedBackend } from './simulated-backend.ts';
import { withoutCompiler } from './simulator.ts';

enableProdMode();

const pretraining = { ...pretrainDefaults, unit: 8 };

async function firstBatch(source: BatchSource): Promise<Batch> {
  for await (const batch of source.batches(0)) return batch;
  throw new Error('the source is empty');
}

/** Loss and gradients of one step by parameter name, on the active backend. The weights come from the seed. */
async function step(task: 'pretrain' | 'finetune'): Promise<{ loss: number; gradients: Record<string, Float32Array> }> {
  const model = await createModel({
    backbone: microConfig,
    ...(task === 'pretrain' ? { pretrain: pretraining } : { heads: { a: halves(true) } }),
    seed: 3,
  });
  const objective = (task === 'pretrain'
    ? pretrainObjective(microConfig, pretraining)
    : finetuneObjective({ config: microConfig, heads: model.heads as never })) as unknown as Objective;
  const names = Object.keys(objective.specs);
  const parameters = model.parameters as never;
  const setting = { objective, parameters, names, random: new Random(5), collectives: alone, watch: false };
  const batch = await firstBatch(halvesSource(task === 'pretrain' ? [] : ['a']));
  const { loss, gradients } = await accumulateGradients(setting, async () => batch, 1);
  const read: Record<string, Float32Array> = {};
  for (const [i, name] of names.entries()) read[name] = (await gradients[i]!.data()) as Float32Array;
  for (const gradient of gradients) gradient.dispose();
  model.dispose();
  disposeConstants();
  return { loss, gradients: read };
}

const norm = (values: Float32Array): number => Math.sqrt(values.reduce((total, v) => total + v * v, 0));

describe.skipIf(withoutCompiler)('the model on the simulator (needs g++)', () => {
  let simulated: Simulated;
  beforeAll(async () => {
    await wasm({ nativeGemm: 'off' }).create();
    simulated = await simulatedBackend();
  });
  afterAll(() => simulated.dispose());

  it.each(['pretrain', 'finetune'] as const)('%s: loss and all gradients as on wasm', async (task) => {
    const on = async (backend: string): ReturnType<typeof step> => {
      expect(await setBackend(backend)).toBe(true);
      return step(task);
    };
    const [cpu, expected, got] = [await on('cpu'), await on('wasm'), await on('cuda')];
    expect(got.loss).toBeCloseTo(expected.loss, 5);
    const distance = (a: Float32Array, b: Float32Array): number =>
      norm(a.map((value, i) => value - b[i]!)) / Math.max(norm(a), 1e-30);
    const names = Object.keys(expected.gradients);
    expect(names.length).toBeGreaterThan(50);
    // Biases of keys do not reach the loss: a softmax ignores them.
    const zero = 1e-8 * Math.hypot(...names.map((name) => norm(expected.gradients[name]!)));
    // Sums that nearly cancel (weights of the first decoder layer at the start) have fewer digits: there
    // two other backends differ as much.
    const uncertain = names.filter((name) => distance(expected.gradients[name]!, cpu.gradients[name]!) > 5e-6);
    expect(uncertain.length).toBeLessThan(names.length / 8);
    for (const name of names) {
      const wanted = expected.gradients[name]!;
      if (norm(wanted) < zero) {
        expect(norm(got.gradients[name]!), name).toBeLessThan(zero);
        continue;
      }
      const allowed = Math.max(1e-5, 4 * distance(wanted, cpu.gradients[name]!));
      expect(distance(wanted, got.gradients[name]!), name).toBeLessThanOrEqual(allowed);
    }
  });

  it('starts through useBackend, past its check of numbers, and falls back without a GPU', async () => {
    const { simulator, backend } = simulated;
    await backend.dispose();
    const candidates = [cuda({ libraries: [simulator.path], cacheFolder: false }), wasm({ nativeGemm: 'off' })];
    simulator.set('DEVICES', 0);
    const without = await useBackend(candidates);
    expect(without.backend.name).toBe('wasm');
    expect(JSON.stringify(without)).toMatch(/CUDA_ERROR_NO_DEVICE/);
    simulator.set('DEVICES', 1);
    const found = await useBackend(candidates);
    expect(found.backend.name).toBe('cuda');
    await found.backend.dispose();
    simulated = await simulatedBackend();
  });

  it('trains without growth: the same tensors and bytes after every step', async () => {
    const model = await createModel({ backbone: microConfig, pretrain: pretraining, seed: 3 });
    const seen: { reserved: number; inUse: number; tensors: number }[] = [];
    const losses: number[] = [];
    const options = { model, data: halvesSource([]), overfit: 2, steps: 16, optimizer: { learningRate: 4e-3 } };
    for await (const event of pretrain(options)) {
      if (event.type !== 'step') continue;
      losses.push(event.loss);
      const { bytesReserved, bytesInUse } = simulated.backend;
      seen.push({ reserved: bytesReserved(), inUse: bytesInUse(), tensors: memory().numTensors });
    }
    expect(losses.at(-1)).toBeLessThan(losses[0]!);
    expect(seen.slice(8)).toEqual(seen.slice(8).map(() => seen[8]));
    model.dispose();
  });
});
