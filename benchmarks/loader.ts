/**
 * How many pictures a second the loader alone makes, at 128 pixels, and where the time goes.
 * Run: npx tsx --conditions=@glid/source benchmarks/loader.ts
 * Synthetic scenes always; pictures of the data beside the checkout where it is there. Medians of several passes.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { type Dataset, decodeMask, Random, type SceneRecord } from '@glid/base';
import {
  augment,
  collate,
  type LoadOptions,
  loadBatches,
  presets,
  readImageFolder,
  readSemanticFolder,
  receiveBatches,
  type Sample,
  sampleRecord,
  syntheticScenes,
  type TargetSource,
} from '@glid/data';
import { hasShared, sharedPath } from '@glid/test-utils';

const here = dirname(fileURLToPath(import.meta.url));
const batchSize = 32;
const passes = 3;
const rounded = (value: number): number => Number(value.toPrecision(3));

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

/** Boxes, masks, classes and a class map: what detection and segmentation heads ask for. */
const objects: TargetSource = {
  targetFields: {
    boxes: { kind: 'boxes' },
    masks: { kind: 'masks' },
    classes: { kind: 'map', interpolation: 'nearest', ignore: 255 },
  },
  async targetsFrom(record: SceneRecord) {
    const list = record.objects ?? [];
    const map = await record.semantic!();
    const masks = new Uint8Array(list.length * map.data.length);
    for (const [n, object] of list.entries()) masks.set(decodeMask(object.mask!), n * map.data.length);
    return {
      boxes: { data: Float32Array.from(list.flatMap(({ box }) => [...box])), shape: [list.length, 4] },
      masks: { data: masks, shape: [list.length, map.height, map.width] },
      classes: { data: Int32Array.from(map.data), shape: [map.height, map.width] },
    };
  },
};

const classMap: TargetSource = {
  targetFields: { classes: { kind: 'map', interpolation: 'nearest', ignore: 255 } },
  async targetsFrom(record: SceneRecord) {
    const map = await record.semantic!();
    return { classes: { data: Int32Array.from(map.data), shape: [map.height, map.width] } };
  },
};

interface Case {
  readonly name: string;
  readonly options: Omit<LoadOptions, 'batchSize'>;
}

async function cases(): Promise<Case[]> {
  const scenes = syntheticScenes({ length: 4096 });
  const all: Case[] = [
    {
      name: 'synthetic scenes, pictures only, resized crop',
      options: { dataset: scenes, pipeline: presets.small.pretrain.train() },
    },
    {
      name: 'synthetic scenes with boxes, masks and classes',
      options: { dataset: scenes, sources: { objects }, pipeline: presets.small.segmentation.train() },
    },
  ];
  if (!hasShared) return all;
  const folder = await readImageFolder(sharedPath('data', 'pretrain'), { images: 'images', list: 'train.txt' });
  const camvid = await readSemanticFolder(sharedPath('data', 'camvid'), {
    images: 'images/training',
    annotations: 'annotations/training',
    labels: Array.from({ length: 11 }, (_, i) => `class ${i}`),
    ignore: [11],
  });
  all.push(
    {
      name: 'pretrain JPEGs (short side 128 to 192), resized crop',
      options: { dataset: folder, pipeline: presets.small.pretrain.train() },
    },
    {
      name: 'camvid JPEG and PNG (240 x 180), resize and colours',
      options: {
        dataset: camvid,
        sources: { classMap },
        pipeline: presets.small.segmentation.train({ size: [128, 160] }),
      },
    },
  );
  return all;
}

interface Rate {
  /** Pictures a second by the clock. */
  readonly wall: number;
  /** Pictures a second of processor time, all threads together: what a busy machine changes least. */
  readonly perCpuSecond: number;
}

async function rateOf(batches: AsyncIterable<{ readonly indices: readonly number[] }>, perPass: number): Promise<Rate> {
  const walls: number[] = [];
  const cpu: number[] = [];
  let count = 0;
  let start = performance.now();
  let used = process.cpuUsage();
  for await (const { indices } of batches) {
    count += indices.length;
    if (count < perPass) continue;
    const { user, system } = process.cpuUsage(used);
    walls.push(count / ((performance.now() - start) / 1000));
    cpu.push(count / ((user + system) / 1e6));
    count = 0;
    // The first pass warms up.
    if (walls.length > passes) break;
    start = performance.now();
    used = process.cpuUsage();
  }
  return { wall: rounded(median(walls.slice(1))), perCpuSecond: rounded(median(cpu.slice(1))) };
}

/** Milliseconds a picture of each stage alone, one picture at a time. */
async function stages({ options }: Case): Promise<Record<string, number>> {
  const { dataset, sources, pipeline = [] } = options;
  const times = { decodeOrDraw: [] as number[], augment: [] as number[], collate: [] as number[] };
  for (let i = 0; i < 160; i++) {
    const start = performance.now();
    const sample: Sample = await sampleRecord(await dataset.get(i), sources);
    const decoded = performance.now();
    const augmented = augment(sample, pipeline, new Random(i));
    const done = performance.now();
    collate([augmented]);
    if (i < 32) continue;
    times.decodeOrDraw.push(decoded - start);
    times.augment.push(done - decoded);
    times.collate.push(performance.now() - done);
  }
  return Object.fromEntries(Object.entries(times).map(([name, values]) => [name, rounded(median(values))]));
}

/** The same records kept in memory: augmentation and collation without decoding. */
async function inMemory({ options }: Case, count: number): Promise<Dataset> {
  const records: SceneRecord[] = [];
  for (let i = 0; i < count; i++) {
    const record = await options.dataset.get(i);
    const image = await record.image();
    const semantic = await record.semantic?.();
    records.push({ ...record, image: async () => image, ...(semantic ? { semantic: async () => semantic } : {}) });
  }
  return { ...options.dataset, length: count, get: async (index) => records[index]! };
}

/** A worker starts as JavaScript and registers the TypeScript loader itself. */
const startWorker = `import('tsx/esm/api').then(({ register }) => {
  register();
  return import(${JSON.stringify(new URL('./_loader-worker.ts', import.meta.url).href)});
});`;

/** Workers that run this file's cases by themselves. */
async function workerRate(name: string, workers: number): Promise<Rate> {
  const threads = Array.from(
    { length: workers },
    (_, part) =>
      new Worker(startWorker, {
        eval: true,
        workerData: { name, part, of: workers, batchSize },
        execArgv: ['--conditions=@glid/source'],
      }),
  );
  try {
    return await rateOf(receiveBatches(threads), batchSize * 4);
  } finally {
    await Promise.all(threads.map((thread) => thread.terminate()));
  }
}

async function main(): Promise<void> {
  const results = [];
  for (const entry of await cases()) {
    const loader = await rateOf(loadBatches({ ...entry.options, batchSize, seed: 1 }), batchSize * 4);
    const memory = await inMemory(entry, 256);
    const augmentOnly = await rateOf(
      loadBatches({ ...entry.options, dataset: memory, batchSize, seed: 1 }),
      batchSize * 4,
    );
    const result = {
      case: entry.name,
      loader,
      fromMemory: augmentOnly,
      oneWorker: await workerRate(entry.name, 1),
      twoWorkers: await workerRate(entry.name, 2),
      millisecondsAPicture: await stages(entry),
    };
    console.log(JSON.stringify(result));
    results.push(result);
  }
  const report = {
    measured: new Date().toISOString().slice(0, 10),
    machine: {
      cpu: cpus()[0]?.model ?? 'unknown',
      cores: cpus().length,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      node: process.version,
      loadAverage: rounded(loadavg()[0]!),
    },
    unit: 'pictures a second, batches of 32, medians of 3 passes of 128',
    results,
  };
  mkdirSync(join(here, 'results'), { recursive: true });
  writeFileSync(join(here, 'results', 'loader.json'), `${JSON.stringify(report, null, 2)}\n`);
}

export { cases };

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
