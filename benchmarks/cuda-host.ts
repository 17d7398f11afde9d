// What a forward pass and an optimiser step on CUDA cost the host: commands, and JavaScript's time to issue them, on the simulator with the
// device skipped. As recorded graph, and operation by operation.
// npx tsx --conditions=@glid/source benchmarks/cuda-host.ts [--size tiny] [--side 224] [--runs 200]
import { writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { cuda } from '@glid/backend-cuda';
import { createModel, forwardFeatures, forwardHeads, headOf, type ModelPreset } from '@glid/core';
import { buildSimulator } from '@glid/cuda-sim';
import { detection } from '@glid/head-detection';
import { adamwStep, captureGraph } from '@glid/ops';
import { enableProdMode, setBackend, type Tensor, type Tensor4D, tensor, tidy } from '@tensorflow/tfjs-core';

const { values: options } = parseArgs({
  options: {
    size: { type: 'string', default: 'tiny' },
    side: { type: 'string', default: '224' },
    runs: { type: 'string', default: '200' },
  },
});
process.env.CUDASIM_SKIP = '1';
enableProdMode();
const side = Number(options.side);
const backend = await cuda({ libraries: [await buildSimulator()], cacheFolder: false }).create();
if (!(await setBackend('cuda'))) throw new Error('the backend does not start');

interface Cost {
  /** Milliseconds, of the quickest run: others were disturbed. */
  readonly best: number;
  readonly median: number;
  /** Processor time of the quickest run, and of the middle one. */
  readonly processor: number;
  readonly processorMedian: number;
}

function timed(run: () => void): Cost {
  const [wall, processor]: [number[], number[]] = [[], []];
  for (let i = 0; i < 20; i++) run();
  for (let i = 0; i < Number(options.runs); i++) {
    const [began, used] = [performance.now(), process.cpuUsage()];
    run();
    wall.push(performance.now() - began);
    const { user, system } = process.cpuUsage(used);
    processor.push((user + system) / 1000);
  }
  wall.sort((a, b) => a - b);
  processor.sort((a, b) => a - b);
  const rounded = (ms: number): number => Number(ms.toFixed(3));
  return {
    best: rounded(wall[0]!),
    median: rounded(wall[wall.length >> 1]!),
    processor: rounded(processor[0]!),
    processorMedian: rounded(processor[processor.length >> 1]!),
  };
}

const launchesOf = (run: () => void): number => {
  const before = backend.launches();
  run();
  return backend.launches() - before;
};

const model = await createModel({
  backbone: options.size as ModelPreset,
  heads: { things: headOf(detection, { labels: ['a', 'b'] }) },
});
const images = tensor(new Float32Array(side * side * 3), [1, side, side, 3]) as Tensor4D;
const { parameters, config, heads } = model;
const forward = (x: Tensor4D): Tensor[] =>
  Object.values(forwardHeads(parameters, config, heads, forwardFeatures(parameters, config, x))).flatMap((raw) =>
    Object.values(raw),
  );
const eager = (): void => tidy(() => void forward(images));
const [load] = loadavg();
const eagerCost = timed(eager);

const graph = captureGraph([images], ([x]) => forward(x as Tensor4D))!;
const replay = (): void => {
  for (const output of graph.replay([images])) output.dispose();
};
const replayCost = timed(replay);

const list = Object.values(parameters);
const rates = { learningRates: list.map(() => 1e-3), weightDecays: list.map(() => 0.05), step: 3 };
const zerosLike = (): Tensor[] => list.map(({ shape, size }) => tensor(new Float32Array(size), shape));
const inputs = { parameters: list, gradients: zerosLike(), m: zerosLike(), v: zerosLike() };
const updateOf = (consumeMoments: boolean) => (): void =>
  tidy(() => void adamwStep(inputs, { ...rates, consumeMoments }));
// As training makes it, and with new tensors for everything.
const [update, pureUpdate] = [updateOf(true), updateOf(false)];
const [updateCost, pureUpdateCost] = [timed(update), timed(pureUpdate)];

const result = {
  what: `Swin ${options.size}, neck, decoder and a detection head, ${side} x ${side}, batch 1, on the CUDA simulator with kernels, products and graphs skipped: what is left is the host's work`,
  how: `${options.runs} runs after 20 for warm-up; milliseconds; TensorFlow.js's engine included; adamw as training makes it, its moments written in place`,
  date: new Date().toISOString().slice(0, 10),
  machine: { cpu: cpus()[0]!.model, cores: cpus().length, node: process.version, loadBefore: Number(load!.toFixed(1)) },
  forward: { launches: launchesOf(eager), ...eagerCost },
  graph: { nodes: graph.nodes, launches: launchesOf(replay), ...replayCost },
  adamw: { parameters: list.length, launches: launchesOf(update), ...updateCost },
  adamwNewMoments: { parameters: list.length, launches: launchesOf(pureUpdate), ...pureUpdateCost },
  ratios: {
    forwardOverGraph: Number((eagerCost.best / replayCost.best).toFixed(1)),
    forwardOverAdamw: Number((eagerCost.best / updateCost.best).toFixed(1)),
  },
};
console.log(JSON.stringify(result, null, 2));
writeFileSync(new URL('./results/cuda-host.json', import.meta.url), `${JSON.stringify(result, null, 2)}\n`);
graph.dispose();
model.dispose();
await backend.dispose();
