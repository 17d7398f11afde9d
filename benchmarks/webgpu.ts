// A Swin backbone's forward pass on WebGPU, by plain TensorFlow.js operations on TensorFlow.js's backend and by GLID: dispatches, the time
// that JavaScript needs to issue them, the time to the end, and shader compilation with and without warm-up.
// npx tsx --conditions=@glid/source benchmarks/webgpu.ts [--size tiny] [--side 224] [--runs 5] [--narrow] [--no-training]
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import '@glid/ops/gradients';
import { webgpu } from '@glid/backend-webgpu';
import { adamwStep, disposeConstants } from '@glid/ops';
import {
  addN,
  backend as currentBackend,
  enableProdMode,
  env,
  findBackendFactory,
  mean,
  registerBackend,
  removeBackend,
  type Scalar,
  setBackend,
  square,
  type Tensor,
  type Tensor4D,
  tensor,
  tidy,
  variable,
  variableGrads,
  zerosLike,
} from '@tensorflow/tfjs-core';
import { findGpu } from '../packages/backend-webgpu/src/find-gpu.ts';
import { describeAdapter, requestDevice } from '../packages/backend-webgpu/src/request-device.ts';
import { encode, type SwinConfig, swinPresets } from '../packages/core/src/encoder/index.ts';
import { pictureValues, swinValues } from './swin/parameters.ts';
import { plainSwin } from './swin/plain-swin.ts';

const { values: options } = parseArgs({
  options: {
    size: { type: 'string', default: 'tiny' },
    side: { type: 'string', default: '224' },
    runs: { type: 'string', default: '5' },
    'no-training': { type: 'boolean', default: false },
    narrow: { type: 'boolean', default: false },
    variant: { type: 'string' },
  },
});
const wide = swinPresets[options.size as keyof typeof swinPresets];
/** `--narrow`: as many commands with a sixth of the channels, so that a software device hardly disturbs what the host needs to issue them. */
const config: SwinConfig = options.narrow ? { ...wide, embed: 16, heads: [1, 2, 4, 8] } : wide;
const side = Number(options.side);
const runs = Number(options.runs);
const median = (list: readonly number[]): number => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)]!;

const variants = ['stock', 'glid', 'glid-warm'] as const;
type Variant = (typeof variants)[number];

interface Sample {
  readonly adapter: string;
  readonly dispatches: number;
  /** Milliseconds: the first forward pass with all compilation, one later, its share of issuing commands in JavaScript. */
  readonly first: number;
  readonly forward: number;
  readonly issue: number;
  readonly warmUp: number | null;
  readonly adamw: { readonly parameters: number; readonly dispatches: number; readonly issue: number } | null;
  readonly maps: number[][];
}

/** Counts dispatches where every kernel ends: at the device's pass encoder. */
function countDispatches(device: GPUDevice): { count: number } {
  const counter = { count: 0 };
  const create = device.createCommandEncoder.bind(device);
  device.createCommandEncoder = (descriptor) => {
    const encoder = create(descriptor);
    const begin = encoder.beginComputePass.bind(encoder);
    encoder.beginComputePass = (pass) => {
      const made = begin(pass);
      const dispatch = made.dispatchWorkgroups.bind(made);
      made.dispatchWorkgroups = (...size) => {
        counter.count++;
        dispatch(...size);
      };
      return made;
    };
    return encoder;
  };
  return counter;
}

async function measure(variant: Variant): Promise<Sample> {
  enableProdMode();
  const made = variant === 'stock' ? undefined : await webgpu({ allowSoftware: true }).create();
  const adapter = made?.description ?? (await useStockBackend());
  if (!(await setBackend('webgpu'))) throw new Error('the webgpu backend could not be set');
  env().set('WEBGPU_CPU_FORWARD', false);
  const parameters = Object.fromEntries(
    [...swinValues(config)].map(([key, { shape, values }]) => [key, variable(tensor(values, [...shape]), true, key)]),
  );
  const images = tensor(pictureValues(side), [1, side, side, 3]) as Tensor4D;
  const run = (): Tensor4D[] =>
    tidy(() => [
      ...(variant === 'stock' ? plainSwin(parameters, config, images, 'careful') : encode(parameters, config, images)),
    ]);
  const read = async (maps: readonly Tensor[]): Promise<Float32Array[]> => {
    const values: Float32Array[] = [];
    for (const map of maps) {
      values.push((await map.data()) as Float32Array);
      map.dispose();
    }
    return values;
  };
  const clock = async <T>(work: () => T | Promise<T>): Promise<number> => {
    const start = performance.now();
    await work();
    return performance.now() - start;
  };
  const warmUp = variant === 'glid-warm' ? await clock(() => made!.warmUp!(run)) : null;
  const counter = countDispatches((currentBackend() as unknown as { device: GPUDevice }).device);
  let maps: Float32Array[] = [];
  const first = await clock(async () => {
    maps = await read(run());
  });
  const dispatches = counter.count;
  const [forward, issue]: number[][] = [[], []];
  for (let i = 0; i < runs; i++) {
    const start = performance.now();
    const issued = run();
    issue!.push(performance.now() - start);
    await read(issued);
    forward!.push(performance.now() - start);
  }
  const trained = variant === 'glid' && !options['no-training'];
  const adamw = trained ? await measureAdamW(Object.values(parameters), run, counter) : null;
  disposeConstants();
  return {
    adapter,
    dispatches,
    first,
    forward: median(forward!),
    issue: median(issue!),
    warmUp,
    adamw,
    maps: maps.map((map) => Array.from(map.filter((_, i) => i % 997 === 0))),
  };
}

/** TensorFlow.js's own class and kernels, on a device with the same limits. */
async function useStockBackend(): Promise<string> {
  const adapter = await (await findGpu())!.requestAdapter({ powerPreference: 'high-performance' });
  const device = await requestDevice(adapter!);
  const stock = await import('@tensorflow/tfjs-backend-webgpu');
  if (findBackendFactory('webgpu')) removeBackend('webgpu');
  registerBackend('webgpu', () => new stock.WebGPUBackend(device, adapter!.info));
  if (!(await setBackend('webgpu'))) throw new Error('the stock webgpu backend could not be set');
  return `WebGPU on ${describeAdapter(adapter!.info)}`;
}

async function measureAdamW(
  parameters: readonly Tensor[],
  run: () => Tensor4D[],
  counter: { count: number },
): Promise<Sample['adamw']> {
  const loss = (): Scalar => addN(run().map((map) => mean(square(map)))) as Scalar;
  const { value, grads } = tidy(() => variableGrads(loss));
  await value.data();
  const lists = { parameters, gradients: parameters.map((p) => grads[(p as unknown as { name: string }).name]!) };
  const zeros = parameters.map((p) => zerosLike(p));
  const rates = parameters.map(() => 1e-4);
  const times: number[] = [];
  for (let i = 0; i < 5; i++) {
    counter.count = 0;
    const start = performance.now();
    const next = adamwStep(
      { ...lists, m: zeros, v: zeros },
      { learningRates: rates, weightDecays: rates, step: i + 1 },
    );
    times.push(performance.now() - start);
    await next.parameters[0]!.data();
    for (const t of [...next.parameters, ...next.m, ...next.v]) t.dispose();
  }
  return { parameters: parameters.length, dispatches: counter.count, issue: median(times) };
}

function inOwnProcess(variant: Variant): Sample {
  const out = execFileSync(
    process.execPath,
    [...process.execArgv, fileURLToPath(import.meta.url), ...process.argv.slice(2), '--variant', variant],
    { encoding: 'utf8', maxBuffer: 2 ** 26 },
  );
  return JSON.parse(out.slice(out.lastIndexOf('\n{') + 1)) as Sample;
}

if (options.variant) {
  const sample = await measure(options.variant as Variant);
  console.log(`\n${JSON.stringify(sample)}`);
  process.exit(0);
}
const [loadBefore] = loadavg();
const samples = Object.fromEntries(variants.map((name) => [name, inOwnProcess(name)])) as Record<Variant, Sample>;
const { stock, glid } = samples;
const warm = samples['glid-warm'];
const difference = Math.max(
  ...glid.maps.map((map, i) => {
    const scale = Math.max(...stock.maps[i]!.map(Math.abs));
    return Math.max(...map.map((v, j) => Math.abs(v - stock.maps[i]![j]!))) / scale;
  }),
);
const round = (n: number, digits = 2): number => Number(n.toFixed(digits));
const shown = ({ dispatches, first, forward, issue, warmUp, adamw }: Sample): object => ({
  dispatches,
  milliseconds: {
    first: round(first, 0),
    forward: round(forward, 0),
    issue: round(issue, 1),
    ...(warmUp !== null && { warmUp: round(warmUp, 0) }),
  },
  ...(adamw && { adamw: { ...adamw, issue: round(adamw.issue, 1) } }),
});
const result = {
  what: `Swin-${options.size}${options.narrow ? ' of 16 channels (as many commands, little work)' : ''} forward, ${side} x ${side}, batch 1: plain operations on TensorFlow.js's WebGPU backend, and GLID`,
  date: new Date().toISOString().slice(0, 10),
  machine: { cpu: cpus()[0]!.model, cores: cpus().length, node: process.version, loadBefore: round(loadBefore!) },
  adapter: glid.adapter,
  variants: { stock: shown(stock), glid: shown(glid), 'glid-warm': shown(warm) },
  ratios: {
    dispatches: round(stock.dispatches / glid.dispatches),
    issue: round(stock.issue / glid.issue),
    forward: round(stock.forward / glid.forward),
    firstAfterWarmUp: round(glid.first / warm.first),
    firstWithWarmUp: round(glid.first / (warm.first + warm.warmUp!)),
  },
  largestDifference: Number(difference.toExponential(2)),
};
writeFileSync(
  new URL(`./results/webgpu${options.narrow ? '-narrow' : ''}.json`, import.meta.url),
  `${JSON.stringify(result, null, 2)}\n`,
);
console.log(JSON.stringify(result, null, 2));
process.exit(0);
