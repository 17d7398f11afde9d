import '@glid/ops/gradients';
import { webgpu } from '@glid/backend-webgpu';
import { finetune } from '@glid/core/train';
import type { GlidBackend } from '@glid/ops';
import { enableProdMode, setBackend } from '@tensorflow/tfjs-core';
import { openCuda } from './open.ts';
import { absent, median, type StepResult } from './step.ts';
import type { Setting } from './steps.ts';
import { detectionModel, endless, pictures, trainingBatch } from './workload.ts';

const warmUps = 3;

/** Median milliseconds of whole predictions: upload, network, boxes on the host. */
async function clock(runs: number, work: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let i = -warmUps; i < runs; i++) {
    const start = performance.now();
    await work();
    if (i >= 0) times.push(performance.now() - start);
  }
  return median(times);
}

/** Predictions one by one and together, plain and as a graph where the backend records graphs; then training steps. */
async function measure(name: string, { size, progress }: Setting): Promise<void> {
  const { model: backbone, side, batch, trainingBatch: together, runs, queries } = size.benchmark;
  const model = await detectionModel(backbone, side, queries);
  const rowsOf = (who: string, count: number, time: number): void => {
    progress.row({ who, what: `prediction, batch ${count}`, value: time, unit: 'ms' });
    const rate = (1000 * count) / time;
    if (count > 1) progress.row({ who, what: `throughput, batch ${count}`, value: rate, unit: 'pictures/s' });
  };
  for (const count of [1, batch]) {
    const batchOf = pictures(count, side);
    progress.note(`predictions, batch ${count}`);
    rowsOf(name, count, await clock(runs, () => model.predict(batchOf)));
    const graph = await model.compile({ shape: [count, side, side] });
    if (graph.recorded) rowsOf(`${name} graph`, count, await clock(runs, () => graph.predict(batchOf)));
    graph.dispose();
  }
  progress.note('training');
  const data = endless(trainingBatch(together, side));
  const times: number[] = [];
  for await (const event of finetune({ model, data, steps: runs + warmUps, optimizer: { learningRate: 1e-5 } })) {
    if (event.type === 'failed') throw event.error;
    if (event.type === 'step') times.push(event.milliseconds.gradients + event.milliseconds.update);
  }
  const value = median(times.slice(warmUps));
  progress.row({ who: name, what: `training step, batch ${together}`, value, unit: 'ms' });
  model.dispose();
}

export async function benchmarkCuda(setting: Setting, precision: 'tf32' | 'bf16'): Promise<StepResult> {
  enableProdMode();
  const backend = await openCuda(precision);
  await measure(`cuda ${precision}`, setting);
  await backend.dispose();
  return { status: 'ok', note: backend.description };
}

/** The same through Dawn and Vulkan, where the machine has a device for it. */
export async function benchmarkWebGpu(setting: Setting): Promise<StepResult> {
  enableProdMode();
  const candidate = webgpu();
  const probe = await candidate.probe();
  if (!probe.ok) return absent(`WebGPU: ${probe.reason}`);
  const backend: GlidBackend = await candidate.create();
  if (!(await setBackend('webgpu'))) throw new Error('the WebGPU backend does not start');
  await measure('webgpu', setting);
  return { status: 'ok', note: backend.description };
}
