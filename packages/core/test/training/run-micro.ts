// A training run to be killed: `tsx run-micro.ts FOLDER cpu|wasm STEPS`. On `wasm` it fine-tunes the smallest GLID model, on `cpu` it
// trains the smallest thing of all. Prints "writing" and "written" around each write of a checkpoint file, "step N LOSS" after each
// step, and at the end "done HASH" over all parameters.
import '@glid/ops/gradients';
import * as nodeFs from 'node:fs/promises';
import { wasm } from '@glid/backend-wasm';
import { enableProdMode, setBackend } from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { finetune } from '../../src/finetune/finetune.ts';
import { createModel } from '../../src/model/create-model.ts';
import type { ModelConfig } from '../../src/model/model-config.ts';
import { folderStore } from '../../src/training/checkpoint/folder-store.ts';
import type { TrainingEvent } from '../../src/training/events.ts';
import type { ParameterRecord } from '../../src/training/objective.ts';
import { train } from '../../src/training/train.ts';
import { sha256 } from '../../src/weights/sha256.ts';
import { microConfig } from '../micro.ts';
import { flatten, microPlan } from './micro.ts';
import { halves, halvesSource } from './micro-tasks.ts';

const [folder, backend, steps] = process.argv.slice(2);
enableProdMode();
if (backend === 'wasm') await wasm({ nativeGemm: 'off' }).create();
if (!(await setBackend(backend!))) throw new Error(`no backend '${backend}'`);

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));
/** Writes in pieces with pauses, so that a kill can fall into the middle of a file. */
const open: typeof nodeFs.open = async (path, flags, mode) => {
  const handle = await nodeFs.open(path, flags, mode);
  handle.writeFile = async (data) => {
    const bytes = data as Uint8Array;
    const piece = Math.ceil(bytes.length / 4);
    say('writing');
    for (let at = 0; at < bytes.length; at += piece) {
      await handle.write(bytes.subarray(at, at + piece));
      await pause(1);
    }
    say('written');
  };
  return handle;
};
const store = await folderStore(folder!, { ...nodeFs, open });

async function smallest(): Promise<{ parameters: ParameterRecord; events: AsyncIterable<TrainingEvent> }> {
  const plan = microPlan({
    steps: Number(steps),
    average: { decay: 0.99 },
    accumulate: 2,
    checkpoints: { store, everySteps: 3 },
  });
  return { parameters: plan.parameters, events: train(plan) };
}

async function smallestModel(): Promise<{ parameters: ParameterRecord; events: AsyncIterable<TrainingEvent> }> {
  const { encoder, neck, decoder } = microConfig;
  const backbone: ModelConfig = {
    encoder: { ...encoder, depths: [1, 1, 1, 1], dropPath: 0.2 },
    neck,
    decoder: { ...decoder, layers: 1 },
  };
  const model = await createModel({ backbone, heads: { a: halves(true) } });
  const events = finetune({
    model,
    data: halvesSource(['a'], { batchSize: 2 }),
    steps: Number(steps),
    optimizer: { learningRate: 2e-3, weightDecay: 0.05, clip: 1, schedule: { kind: 'cosine', warmUp: { steps: 5 } } },
    average: { decay: 0.99 },
    seed: 8,
    checkpoints: { store, everySteps: 2 },
  });
  return { parameters: model.parameters, events };
}

const { parameters, events } = await (backend === 'wasm' ? smallestModel() : smallest());
for await (const event of events) if (event.type === 'step') say(`step ${event.step} ${event.loss}`);
say(`done ${await sha256(new Uint8Array((await flatten(parameters)).buffer))}`);
