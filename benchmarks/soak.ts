// Runs a small model for a long time and watches what must stay flat: live tensors, bytes on the device, memory of the process.
// npx tsx --conditions=@glid/source benchmarks/soak.ts [--backend wasm] [--side 128] [--predictions 2000] [--steps 500] [--native auto]
import '@glid/ops/gradients';
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { Random, type RgbImage } from '@glid/base';
import { createModel, headOf, useBackend } from '@glid/core';
import { depth } from '@glid/head-depth';
import { adamwStep, type BackendCandidate } from '@glid/ops';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { dispose, enableProdMode, engine, tensor4d, tidy, zerosLike } from '@tensorflow/tfjs-core';
import { drawMask, forwardPretrain, pretrainLoss } from '../packages/core/src/pretrain/index.ts';

const { values: options } = parseArgs({
  options: {
    backend: { type: 'string', default: 'wasm' },
    native: { type: 'string', default: 'auto' },
    side: { type: 'string', default: '128' },
    predictions: { type: 'string', default: '2000' },
    steps: { type: 'string', default: '500' },
  },
});
enableProdMode();

/** What is watched, at one moment. */
interface Reading {
  readonly done: number;
  readonly tensors: number;
  readonly deviceBytes: number | null;
  readonly processMiB: number;
}

async function candidate(): Promise<BackendCandidate> {
  if (options.backend === 'webgpu') return (await import('@glid/backend-webgpu')).webgpu({ allowSoftware: true });
  return (await import('@glid/backend-wasm')).wasm({ nativeGemm: options.native === 'off' ? 'off' : 'auto' });
}

const { backend } = await useBackend(await candidate());
const side = Number(options.side);
const random = new Random(1);

type Note = (readings: readonly Reading[]) => void;

/** Runs `once` so often, reads at the end of the warm-up (a tenth), at twenty moments after it and at the end, and notes each reading. */
async function watch(count: number, note: Note, once: (i: number) => Promise<void>): Promise<void> {
  const readings: Reading[] = [];
  const warm = Math.ceil(count / 10);
  const every = Math.max(1, Math.floor((count - warm) / 20));
  for (let i = 1; i <= count; i++) {
    await once(i);
    if (i < warm || ((i - warm) % every !== 0 && i !== count)) continue;
    (globalThis as { gc?: () => void }).gc?.();
    readings.push({
      done: i,
      tensors: engine().memory().numTensors,
      deviceBytes: backend.bytesInUse?.() ?? null,
      processMiB: Math.round(process.memoryUsage().rss / 2 ** 20),
    });
    note(readings);
  }
}

async function predictions(count: number, note: Note): Promise<void> {
  const model = await createModel({ backbone: 'nano', heads: { depth: headOf(depth, {}) } });
  const picture: RgbImage = {
    width: side,
    height: side,
    data: Uint8Array.from({ length: side * side * 3 }, () => random.integer(256)),
  };
  await watch(count, note, async () => {
    await model.predict(picture);
  });
  model.dispose();
}

/** Masked pre-training of one picture a step: forward, backward, AdamW. */
async function training(count: number, note: Note): Promise<void> {
  const model = await createModel({ backbone: 'nano', pretrain: { unit: 16 } });
  const config = model.pretrain!;
  const images = tensor4d(
    Float32Array.from({ length: side * side * 3 }, () => random.normal()),
    [1, side, side, 3],
  );
  const names = Object.keys(model.parameters);
  let parameters: Tensor[] = names.map((name) => model.parameters[name]!.clone());
  let m: Tensor[] = parameters.map((p) => zerosLike(p));
  let v: Tensor[] = parameters.map((p) => zerosLike(p));
  await watch(count, note, async (step) => {
    const draw = drawMask(config, [1, side, side], random);
    const loss = (...now: Tensor[]): Scalar => {
      const record = Object.fromEntries(names.map((name, i) => [name, now[i]!]));
      return pretrainLoss(forwardPretrain(record, model.config, config, images, draw), images, config, draw).total;
    };
    const next = tidy(() => {
      // Parameters that the loss does not touch have no gradient.
      const found = engine().gradients(() => loss(...parameters), parameters, undefined, true).grads;
      const gradients = found.map((g, i) => g ?? zerosLike(parameters[i]!));
      const rates = parameters.map(() => 1e-4);
      const result = adamwStep({ parameters, gradients, m, v }, { learningRates: rates, weightDecays: rates, step });
      return { parameters: [...result.parameters], m: [...result.m], v: [...result.v] };
    });
    dispose([...parameters, ...m, ...v]);
    ({ parameters, m, v } = next);
    // One number is read, as a training loop reads its loss: on a GPU nothing is finished before.
    await parameters[0]!.data();
  });
  dispose([...parameters, ...m, ...v, images]);
  model.dispose();
}

/** Flat: tensors and device bytes the same at every reading; the process within a twentieth, and 32 MiB, of its first reading. One reading shows nothing. */
function judge(readings: readonly Reading[]): { flat: boolean; faults: string[] } {
  const faults: string[] = [];
  const first = readings[0]!;
  const differs = (key: 'tensors' | 'deviceBytes'): boolean => readings.some((r) => r[key] !== first[key]);
  if (differs('tensors')) faults.push(`tensors: ${readings.map((r) => r.tensors).join(' ')}`);
  if (differs('deviceBytes')) faults.push(`device bytes: ${readings.map((r) => r.deviceBytes).join(' ')}`);
  const growth = readings.at(-1)!.processMiB - first.processMiB;
  if (growth > first.processMiB / 20 + 32) faults.push(`the process grew by ${growth} MiB`);
  return { flat: faults.length === 0 && readings.length > 1, faults };
}

const file = new URL(`./results/soak-${backend.name}.json`, import.meta.url);
const result: Record<string, unknown> = {
  what: `glid-nano, ${side} x ${side}: predictions of a depth head, and steps of masked pre-training with AdamW, one picture each; done of count are reached when a run is ended early`,
  date: new Date().toISOString().slice(0, 10),
  machine: { cpu: cpus()[0]!.model, cores: cpus().length, node: process.version },
  backend: backend.description,
};
let flat = true;
for (const [name, run, count] of [
  ['predictions', predictions, Number(options.predictions)],
  ['steps', training, Number(options.steps)],
] as const) {
  if (count === 0) continue;
  const start = performance.now();
  let verdict: ReturnType<typeof judge> | undefined;
  await run(count, (readings) => {
    verdict = judge(readings);
    const seconds = Math.round((performance.now() - start) / 1000);
    result[name] = { count, done: readings.at(-1)!.done, seconds, ...verdict, readings };
    writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
  });
  flat &&= verdict!.flat;
  console.log(name, count, verdict);
}
process.exit(flat ? 0 : 1);
