import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Random } from '@glid/base';
import { forwardFeatures, forwardHeads } from '@glid/core';
import { type Tensor, tensor4d, tidy } from '@tensorflow/tfjs-core';
import { finetuneObjective } from '../../../core/src/finetune/finetune-objective.ts';
import { accumulateGradients } from '../../../core/src/training/accumulate.ts';
import { alone } from '../../../core/src/training/collectives.ts';
import type { Objective } from '../../../core/src/training/objective.ts';
import { unsettle } from './unsettle.ts';
import { type DetectionModel, detectionModel, type Size, trainingBatch } from './workload.ts';

/** Entries of a gradient that the pack keeps, evenly spread: a few thousand tell two gradients apart as well as all. */
const mostEntries = 4096;

/** Named lists of numbers: raw outputs of a forward pass, the loss, and gradients of a training step. */
export type Numbers = Readonly<Record<string, Float32Array>>;

/** The model whose numbers are compared, off its start. */
export async function parityModel({ model: backbone, side, queries }: Size['parity']): Promise<DetectionModel> {
  const model = await detectionModel(backbone, side, queries);
  unsettle(model);
  return model;
}

/** One forward pass and one training step of the model on the active backend. */
export async function computeNumbers(
  model: DetectionModel,
  parity: Pick<Size['parity'], 'side' | 'batch'>,
  most = mostEntries,
): Promise<Numbers> {
  const batch = trainingBatch(parity.batch, parity.side);
  const numbers: Record<string, Float32Array> = {};
  const images = tensor4d(batch.images.data as Float32Array, batch.images.shape as [number, number, number, number]);
  const raw = tidy(() => {
    const features = forwardFeatures(model.parameters, model.config, images);
    return forwardHeads(model.parameters, model.config, model.heads, features).boxes as Record<string, Tensor>;
  });
  for (const [name, output] of Object.entries(raw)) numbers[`output ${name}`] = (await output.data()) as Float32Array;
  const objective = finetuneObjective({ config: model.config, heads: model.heads }) as unknown as Objective;
  const names = Object.keys(objective.specs);
  const setting = {
    ...{ objective, parameters: model.parameters as never, names },
    ...{ random: new Random(5), collectives: alone, watch: false },
  };
  const { loss, gradients } = await accumulateGradients(setting, async () => batch, 1);
  numbers.loss = Float32Array.of(loss);
  for (const [i, name] of names.entries()) {
    const values = (await gradients[i]!.data()) as Float32Array;
    const step = Math.max(1, Math.ceil(values.length / most));
    numbers[`gradient ${name}`] = values.filter((_, at) => at % step === 0);
  }
  for (const t of [...Object.values(raw), ...gradients, images]) t.dispose();
  return numbers;
}

export function writeNumbers(folder: string, numbers: Numbers): void {
  const names = Object.entries(numbers).map(([name, { length }]) => [name, length] as const);
  writeFileSync(join(folder, 'reference.json'), JSON.stringify(names));
  writeFileSync(join(folder, 'reference.bin'), Buffer.concat(Object.values(numbers).map((n) => Buffer.from(n.buffer))));
}

export function readNumbers(folder: string): Numbers {
  const names = JSON.parse(readFileSync(join(folder, 'reference.json'), 'utf8')) as [string, number][];
  const bytes = readFileSync(join(folder, 'reference.bin'));
  const all = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  const numbers: Record<string, Float32Array> = {};
  let at = 0;
  for (const [name, length] of names) {
    numbers[name] = all.slice(at, at + length);
    at += length;
  }
  return numbers;
}

/** Euclidean. */
export const norm = (values: Float32Array): number => Math.sqrt(values.reduce((sum, v) => sum + v * v, 0));
