/**
 * What a training step of glid-nano costs on each backend, where its time goes, how it grows, and whether the loader keeps up:
 *
 *   npx tsx --conditions=@glid/source benchmarks/training.ts [--jobs loader,steps,growth] [--backends wasm,wasm-native,webgpu] [--count 3]
 *
 * What is measured replaces its entries in results/training.json; the others stay.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { wasm } from '@glid/backend-wasm';
import { webgpu } from '@glid/backend-webgpu';
import { useBackend } from '@glid/core';
import { presets, readImageFolder, syntheticScenes } from '@glid/data';
import { hasShared, sharedPath } from '@glid/test-utils';
import { enableProdMode } from '@tensorflow/tfjs-core';
import { measureLoader, measureStep, round, type Setting } from './training/measure.ts';

const { values: options } = parseArgs({
  options: {
    jobs: { type: 'string', default: 'loader,steps,growth' },
    backends: { type: 'string', default: 'wasm,wasm-native,webgpu' },
    count: { type: 'string', default: '3' },
    child: { type: 'string' },
  },
});
const count = Number(options.count);

const usual: Setting = { task: 'detection', side: 128, batchSize: 8, queries: 40 };
/** Each list grows, because peak memory only ever does. */
const growth: { readonly [axis: string]: readonly Setting[] } = {
  batchSize: [1, 2, 4, 8, 16].map((batchSize) => ({ ...usual, batchSize })),
  side: [64, 96, 128, 192].map((side) => ({ ...usual, side })),
  queries: [10, 40, 100, 300].map((queries) => ({ ...usual, queries })),
  recompute: [{ ...usual, recompute: true }, usual],
};

async function open(name: string): Promise<() => number | null> {
  enableProdMode();
  const candidate =
    name === 'webgpu' ? webgpu({ allowSoftware: true }) : wasm({ nativeGemm: name === 'wasm-native' ? 'auto' : 'off' });
  const { backend } = await useBackend([candidate]);
  const facts = backend as { readonly peakBytes?: () => number };
  return () => (facts.peakBytes ? round(facts.peakBytes() / 2 ** 20) : null);
}

/** A software adapter of WebGPU is some thirty times slower: small pictures there. */
const settingsFor = (backend: string): readonly Setting[] => {
  const small = backend === 'webgpu' ? { side: 64, batchSize: 2 } : {};
  return [
    { ...usual, ...small, task: 'pretrain' },
    { ...usual, ...small },
  ];
};

async function child(job: string): Promise<object> {
  const [what, name] = job.split(':') as [string, string];
  if (what === 'loader') return loaderRates();
  const peak = await open(what === 'growth' ? 'wasm-native' : name);
  const list = what === 'growth' ? growth[name]! : settingsFor(name);
  const rows: object[] = [];
  const measuredSteps = name === 'webgpu' ? 1 : count;
  for (const setting of list) {
    const figures = await measureStep(setting, measuredSteps);
    rows.push({ ...setting, ...figures, ...(what === 'growth' ? { peakMiB: peak() } : {}) });
  }
  return { measuredSteps, rows };
}

async function loaderRates(): Promise<object> {
  const scenes = syntheticScenes({ length: 512 });
  const pipeline = presets.small.pretrain.train();
  const drawn = await measureLoader({ dataset: scenes, pipeline, batchSize: 32 }, count);
  if (!hasShared) return { drawn };
  const folder = await readImageFolder(sharedPath('data', 'pretrain'), { images: 'images', list: 'train.txt' });
  return { drawn, jpegFolder: await measureLoader({ dataset: folder, pipeline, batchSize: 32 }, count) };
}

function inOwnProcess(job: string): object {
  const flags = [...process.execArgv, fileURLToPath(import.meta.url), '--child', job, '--count', String(count)];
  const loadBefore = round(loadavg()[0]!);
  const out = execFileSync(process.execPath, flags, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  return { loadBefore, ...(JSON.parse(out.slice(out.lastIndexOf('\n{') + 1)) as object) };
}

const about = {
  steps:
    'Medians over the steps after one to warm up; the first process of a backend measures both tasks. cpuMs is processor time over all threads, the figure to compare where loadBefore, the load average, says that other work ran beside; wallMs is time on the clock. Shares are of the time on the clock of a step; loader is what the loop waited for batches made of drawn pictures in memory, without prefetching; on webgpu, a software adapter (lavapipe), forward and loss only issue commands, which run until the numbers are read back in "backward".',
  growth:
    'Fine-tuning to detection on wasm-native, one thing changed at a time. peakMiB: the most that tensors took at once.',
  loader: 'The loader alone, pictures at 128 px a second of processor time, batches of 32, resized crops.',
};

if (options.child) {
  console.log(`\n${JSON.stringify(await child(options.child))}`);
} else {
  const file = new URL('results/training.json', import.meta.url);
  const before = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  const machine = {
    processor: cpus()[0]?.model,
    threads: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
  };
  const results: Record<string, Record<string, object>> = {
    steps: { ...before.steps },
    growth: { ...before.growth },
    loader: { ...before.loader },
  };
  const note = (table: string, key: string, found: object): void => {
    results[table]![key] = found;
    console.log(table, key, JSON.stringify(found));
    writeFileSync(file, `${JSON.stringify({ about, machine, ...results }, null, 2)}\n`);
  };
  const jobs = options.jobs.split(',');
  if (jobs.includes('loader')) note('loader', 'picturesPerCpuSecond', inOwnProcess('loader:'));
  if (jobs.includes('steps')) {
    for (const backend of options.backends.split(',')) note('steps', backend, inOwnProcess(`steps:${backend}`));
  }
  if (jobs.includes('growth')) {
    for (const axis of Object.keys(growth)) note('growth', axis, inOwnProcess(`growth:${axis}`));
  }
}
