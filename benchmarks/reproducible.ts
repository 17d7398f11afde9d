// Pre-trains glid-nano from one seed in processes of their own: twice whole and once killed twice and resumed, with matrix products
// by onnxruntime-node and again in WebAssembly. All runs with the same products have to end with the same bits. npx tsx --conditions=@glid/source benchmarks/reproducible.ts [--steps 30]
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { wasm } from '@glid/backend-wasm';
import { createModel, useBackend } from '@glid/core';
import { folderStore, pretrain } from '@glid/core/train';
import { batchSource, presets, syntheticScenes } from '@glid/data';
import { enableProdMode } from '@tensorflow/tfjs-core';
import { sha256 } from '../packages/core/src/weights/sha256.ts';

const { values: options } = parseArgs({
  options: {
    steps: { type: 'string', default: '30' },
    side: { type: 'string', default: '64' },
    native: { type: 'string', default: 'auto' },
    folder: { type: 'string' },
  },
});
const steps = Number(options.steps);
const side = Number(options.side);
const batchSize = 2;

/** One life of a training run: goes on from the folder's last checkpoint, prints each loss in full and a hash of all parameters at the end. */
async function live(folder: string): Promise<void> {
  enableProdMode();
  await useBackend([wasm({ nativeGemm: options.native as 'auto' | 'off', nativeThreads: 2 })]);
  const model = await createModel({ backbone: 'nano', pretrain: { unit: 16 }, seed: 0 });
  const dataset = syntheticScenes({ length: 24, seed: 5 });
  for await (const event of pretrain({
    model,
    data: batchSource({
      dataset,
      pipeline: presets.small.pretrain.train({ size: [side, side] }),
      batchSize,
      seed: 0,
      prefetch: 4,
    }),
    steps,
    seed: 0,
    optimizer: { learningRate: 1e-3, weightDecay: 0.05, clip: 1 },
    checkpoints: { store: await folderStore(folder), everySteps: 5 },
  })) {
    if (event.type === 'step') console.log(`step ${event.step} ${event.loss}`);
  }
  const all = await Promise.all(Object.values(model.parameters).map((t) => t.data<'float32'>()));
  console.log(`done ${await sha256(new Uint8Array(await new Blob(all.map((v) => v.slice())).arrayBuffer()))}`);
}

/** Starts a life; kills it after `killAt` steps if given. Returns its lines. */
async function start(folder: string, native: string, killAt?: number): Promise<string[]> {
  const here = fileURLToPath(import.meta.url);
  const flags = ['--folder', folder, '--native', native, '--steps', options.steps, '--side', options.side];
  const child = spawn(process.execPath, [...process.execArgv, here, ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    if (killAt !== undefined && lines.length === killAt) child.kill('SIGKILL');
  });
  const code = await new Promise((done) => child.on('close', done));
  if (code !== 0 && killAt === undefined) throw new Error(`a run ended with ${code}`);
  return lines;
}

async function compare(native: string): Promise<object> {
  const folder = (): string => mkdtempSync(join(tmpdir(), 'glid-reproducible-'));
  const [first, second, killed] = [folder(), folder(), folder()];
  try {
    // All at once: they fight for the processors, as on a busy machine.
    const [a, b, lives] = await Promise.all([
      start(first, native),
      start(second, native),
      (async () => [await start(killed, native, 8), await start(killed, native, 9), await start(killed, native)])(),
    ]);
    const made = lives.flat().filter((line) => line.startsWith('step'));
    return {
      hash: a.at(-1),
      twiceTheSame: a.join() === b.join(),
      // Every step of every life, the repeated ones too, has the loss of the whole run.
      killedTwiceAndResumed: lives[2]!.at(-1) === a.at(-1) && made.every((line) => a.includes(line)),
    };
  } finally {
    for (const path of [first, second, killed]) rmSync(path, { recursive: true, force: true });
  }
}

if (options.folder !== undefined) {
  await live(options.folder);
} else {
  const loadBefore = Number(loadavg()[0]!.toFixed(1));
  const result: Record<string, unknown> = {
    what: `glid-nano, ${steps} steps of masked pre-training on ${batchSize} pictures of ${side} px, AdamW: SHA-256 over all parameters`,
    date: new Date().toISOString().slice(0, 10),
    machine: { cpu: cpus()[0]!.model, cores: cpus().length, node: process.version, loadBefore },
  };
  for (const [products, native] of [
    ['onnxruntime-node, 2 threads', 'auto'],
    ['WebAssembly', 'off'],
  ] as const) {
    result[products] = await compare(native);
    console.log(products, JSON.stringify(result[products]));
    writeFileSync(new URL('./results/reproducible.json', import.meta.url), `${JSON.stringify(result, null, 2)}\n`);
  }
}
