import '@glid/ops/gradients';
import { webgpu } from '@glid/backend-webgpu';
import type { Model } from '@glid/core';
import { finetune } from '@glid/core/train';
import type { GlidBackend } from '@glid/ops';
import { enableProdMode, setBackend } from '@tensorflow/tfjs-core';
import { openCuda } from './open.ts';
import { absent, median, type Row, type StepResult } from './step.ts';
import { detectionModel, endless, type Picture, pictures, type Size, trainingBatch } from './workload.ts';

interface Predicts {
  predict(pictures: readonly Picture[]): Promise<unknown>;
}

/** Median milliseconds of whole predictions: upload, network, boxes on the host. */
async function clock(runs: number, work: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let i = -3; i < runs; i++) {
    const start = performance.now();
    await work();
    if (i >= 0) times.push(performance.now() - start);
  }
  return median(times);
}

/** `model.compile` records a prediction as a graph, where this version has it. */
async function compiled(
  model: Model,
  batch: number,
  side: number,
): Promise<(Predicts & { dispose(): void }) | undefined> {
  const candidate = model as unknown as {
    compile?(options: { shape: readonly number[] }): Promise<Predicts & { dispose(): void }>;
  };
  return candidate.compile?.({ shape: [batch, side, side] });
}

async function measure(name: string, { benchmark }: Size): Promise<Row[]> {
  const { side, batch, runs, queries } = benchmark;
  const rows: Row[] = [];
  const model = (await detectionModel(benchmark.model, side, queries)) as unknown as Model;
  const note = (what: string, value: number, unit: string): void => {
    rows.push({ what: `${name}: ${what}`, value, unit });
  };
  for (const count of [1, batch]) {
    const batchOf = pictures(count, side);
    const time = await clock(runs, () => model.predict(batchOf));
    note(`prediction, batch ${count}`, time, 'ms');
    if (count > 1) note(`throughput, batch ${count}`, (1000 * count) / time, 'pictures/s');
    const graph = await compiled(model, count, side);
    if (graph === undefined) continue;
    const graphTime = await clock(runs, () => graph.predict(batchOf));
    note(`prediction as a graph, batch ${count}`, graphTime, 'ms');
    if (count > 1) note(`throughput as a graph, batch ${count}`, (1000 * count) / graphTime, 'pictures/s');
    graph.dispose();
  }
  const data = endless(trainingBatch(benchmark.trainingBatch, side));
  const steps: number[] = [];
  for await (const event of finetune({ model, data, steps: runs + 3, optimizer: { learningRate: 1e-5 } })) {
    if (event.type === 'failed') throw event.error;
    if (event.type === 'step') steps.push(event.milliseconds.gradients + event.milliseconds.update);
  }
  note(`training step, batch ${benchmark.trainingBatch}`, median(steps.slice(3)), 'ms');
  model.dispose();
  return rows;
}

export async function benchmarkCuda(size: Size, precision: 'tf32' | 'bf16' | 'float32'): Promise<StepResult> {
  enableProdMode();
  const backend = await openCuda(precision);
  const rows = await measure(`cuda ${precision}`, size);
  await backend.dispose();
  return { status: 'ok', note: backend.description, rows };
}

/** The same through Dawn and Vulkan, where the machine has a device for it. */
export async function benchmarkWebGpu(size: Size): Promise<StepResult> {
  enableProdMode();
  const candidate = webgpu();
  const probe = await candidate.probe();
  if (!probe.ok) return absent(`WebGPU: ${probe.reason}`);
  const backend: GlidBackend = await candidate.create();
  if (!(await setBackend('webgpu'))) throw new Error('the WebGPU backend does not start');
  return { status: 'ok', note: backend.description, rows: await measure('webgpu', size) };
}
