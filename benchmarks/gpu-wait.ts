// What waiting for the GPU costs in Node: the same products on a software adapter, awaited with and without rests of the event loop, in turns.
// npx tsx --conditions=@glid/source benchmarks/gpu-wait.ts [--count 7]
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { webgpu } from '@glid/backend-webgpu';
import { useBackend } from '@glid/core';
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { matMul, randomNormal, type Tensor2D, backend as tfBackend, tidy } from '@tensorflow/tfjs-core';
import { findGpu } from '../packages/backend-webgpu/src/find-gpu.ts';
import { awaitGpu } from '../packages/backend-webgpu/src/gpu-wait.node.ts';
import { describeAdapter, requestDevice } from '../packages/backend-webgpu/src/request-device.ts';

const { values: options } = parseArgs({ options: { count: { type: 'string', default: '7' } } });

const adapter = await (await findGpu())!.requestAdapter();
const device = await requestDevice(adapter!);
await useBackend(webgpu({ device, allowSoftware: true }));

/** Milliseconds of processor time of the thread that runs JavaScript. */
function mainThread(): number {
  const fields = readFileSync(`/proc/self/task/${process.pid}/stat`, 'utf8').split(' ');
  return (Number(fields[13]) + Number(fields[14])) * 10;
}

const x = randomNormal([1024, 1024]) as Tensor2D;
const ways: Record<string, (work: Promise<unknown>) => Promise<unknown>> = {
  plain: (work) => work,
  resting: awaitGpu,
};
const found = Object.fromEntries(Object.keys(ways).map((name) => [name, [] as number[][]]));
for (let i = -1; i < Number(options.count); i++) {
  for (const [name, wait] of Object.entries(ways)) {
    const [start, used, main] = [performance.now(), process.cpuUsage(), mainThread()];
    const y = tidy(() => [1, 2, 3].reduce<Tensor2D>((product) => matMul(product, x), x));
    const gpu = tfBackend() as WebGPUBackend;
    gpu.endComputePassEncoder();
    gpu.submitQueue();
    await wait(device.queue.onSubmittedWorkDone());
    y.dispose();
    const { user, system } = process.cpuUsage(used);
    if (i >= 0) found[name]!.push([performance.now() - start, (user + system) / 1000, mainThread() - main]);
  }
}
const median = (list: number[]): number => Math.round(list.sort((a, b) => a - b)[Math.floor(list.length / 2)]!);
const rows = Object.fromEntries(
  Object.entries(found).map(([name, list]) => [
    name,
    Object.fromEntries(['wallMs', 'cpuMs', 'mainThreadMs'].map((key, j) => [key, median(list.map((run) => run[j]!))])),
  ]),
);
console.log(rows);
const result = {
  what: 'Three products of 1024 x 1024 matrices on a software adapter that runs on the processor, awaited: medians. mainThreadMs is what the thread that runs JavaScript used.',
  date: new Date().toISOString().slice(0, 10),
  machine: { cpu: cpus()[0]!.model, cores: cpus().length, node: process.version },
  adapter: describeAdapter(adapter!.info),
  count: Number(options.count),
  ...rows,
};
writeFileSync(new URL('results/gpu-wait.json', import.meta.url), `${JSON.stringify(result, null, 2)}\n`);
process.exit(0);
