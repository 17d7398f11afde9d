// Parameters, forward time, launches and peak memory of every size, with @glid/ops and in plain TensorFlow.js operations; and what
// masked pre-training saves. npx tsx --conditions=@glid/source benchmarks/model.ts [--presets nano,tiny] [--backends cpu,stock-wasm,wasm,wasm-native,webgpu] [--count 10]
// What is measured replaces its entries in results/model.json; the others stay.
import '@glid/ops/gradients';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { wasm } from '@glid/backend-wasm';
import { webgpu } from '@glid/backend-webgpu';
import { enableProdMode, setBackend } from '@tensorflow/tfjs-core';
import type { ModelPreset } from '../packages/core/src/model/index.ts';
import { measureMasking, measureNetwork } from './model/measure.ts';

const { values: options } = parseArgs({
  options: {
    presets: { type: 'string', default: 'nano,tiny,small,base,large' },
    backends: { type: 'string', default: 'stock-wasm,wasm,wasm-native' },
    count: { type: 'string', default: '10' },
    child: { type: 'string' },
  },
});

/** Sides whose grids are whole windows in every stage, as the plain network needs them. */
const sides: { readonly [P in ModelPreset]: number } = { nano: 256, tiny: 224, small: 224, base: 224, large: 224 };

async function open(backend: string): Promise<void> {
  enableProdMode();
  if (backend === 'wasm' || backend === 'wasm-native') {
    await wasm({ nativeGemm: backend === 'wasm' ? 'off' : 'auto' }).create();
    if (!(await setBackend('wasm'))) throw new Error(`${backend} did not start`);
    return;
  }
  if (backend === 'webgpu') {
    await webgpu({ allowSoftware: true }).create();
    if (!(await setBackend('webgpu'))) throw new Error('webgpu did not start');
    return;
  }
  await import(backend === 'cpu' ? '@tensorflow/tfjs-backend-cpu' : '@tensorflow/tfjs-backend-wasm');
  if (!(await setBackend(backend === 'cpu' ? 'cpu' : 'wasm'))) throw new Error(`${backend} did not start`);
}

async function child(job: string): Promise<unknown> {
  const [what, backend, preset] = job.split(':') as [string, string, ModelPreset];
  await open(backend);
  const count = Number(options.count);
  if (what === 'network') return measureNetwork(preset, sides[preset], count);
  return preset === 'nano' ? measureMasking('nano', 128, 16, 8, count) : measureMasking(preset, 224, 32, 2, count);
}

const round = (value: number): number => Number(value.toFixed(2));

const about = {
  networks:
    "Medians of `runs` forward passes after two warm-up runs, batch 1, 100 queries; the network with @glid/ops and in plain operations take turns. wallMs is time on the clock, cpuMs processor time over all threads: the figure to compare where loadBefore, the machine's load average, says that other work ran beside. peakMiB is the most that tensors took at once, parameters included. webgpu is a software adapter (lavapipe) that runs on the processor.",
  masking:
    'Encoder forward + backward (gradients of all its weights) at masking ratio 0.75, a new mask a step, medians as above: all tokens, hidden keys masked on the full grid, and visible tokens only, grouped. speedUp is cpuMs of unmasked over cpuMs of visibleOnly.',
};

/** Each measurement has a process of its own: a backend keeps what it has registered. */
function inOwnProcess(job: string): unknown {
  const here = fileURLToPath(import.meta.url);
  const flags = [...process.execArgv, here, '--child', job, '--count', options.count];
  const loadBefore = round(loadavg()[0]!);
  const where = { date: new Date().toISOString().slice(0, 10), processor: cpus()[0]?.model };
  try {
    const out = execFileSync(process.execPath, flags, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    return { ...where, loadBefore, runs: Number(options.count), ...JSON.parse(out.slice(out.lastIndexOf('\n{') + 1)) };
  } catch (error) {
    return {
      failed: String((error as { stderr?: string }).stderr ?? error)
        .trim()
        .split('\n')
        .at(-1),
    };
  }
}

if (options.child) {
  console.log(`\n${JSON.stringify(await child(options.child))}`);
} else {
  const file = new URL('results/model.json', import.meta.url);
  const before = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  const networks: Record<string, unknown> = { ...before.networks };
  const masking: Record<string, unknown> = { ...before.masking };
  const machine = {
    threads: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
  };
  mkdirSync(new URL('results/', import.meta.url), { recursive: true });
  const note = (table: Record<string, unknown>, key: string, found: unknown): void => {
    table[key] = found;
    console.log(key, JSON.stringify(found));
    writeFileSync(file, `${JSON.stringify({ about, machine, networks, masking }, null, 2)}\n`);
  };
  for (const backend of options.backends.split(',')) {
    for (const preset of options.presets.split(',')) {
      const key = `${preset}@${sides[preset as ModelPreset]} ${backend}`;
      note(networks, key, inOwnProcess(`network:${backend}:${preset}`));
    }
  }
  for (const backend of options.backends.split(',').filter((name) => name.startsWith('wasm'))) {
    for (const [preset, what] of [
      ['nano', 'nano, 128 px, unit 16, batch 8'],
      ['tiny', 'tiny, 224 px, unit 32, batch 2'],
    ] as const) {
      if (!options.presets.split(',').includes(preset)) continue;
      note(masking, `${what}, ${backend}`, inOwnProcess(`masking:${backend}:${preset}`));
    }
  }
}
