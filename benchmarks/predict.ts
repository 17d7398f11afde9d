/**
 * `glid predict` over many pictures: whether its memory stays where it is, and how much of decoding and writing hides behind computing.
 *
 *   npx turbo run build && npx tsx --conditions=@glid/source benchmarks/predict.ts [--pictures 1000]
 *
 * The command runs as users run it, from its built files; its resident memory is read while it works (Linux). Writes results/predict.json.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { wasm } from '@glid/backend-wasm';
import { createModel, headOf, type Model, saveWeights, useBackend, writeWeights } from '@glid/core';
import { decodeImage, syntheticScenes } from '@glid/data';
import { detection } from '@glid/head-detection';
import { enableProdMode } from '@tensorflow/tfjs-core';
import sharp from 'sharp';
import { median, round } from './training/measure.ts';

const { values } = parseArgs({ options: { pictures: { type: 'string', default: '1000' } } });
const pictures = Number(values.pictures);
const size = [240, 320] as const;
const folder = mkdtempSync(join(tmpdir(), 'glid-predict-'));

enableProdMode();
await useBackend([wasm()]);
const model = await createModel({
  backbone: 'nano',
  heads: { detection: headOf(detection, { labels: ['thing'], queries: 40, placedQueries: true }) },
  resize: { longest: 128 },
});
await writeWeights(
  folder,
  await saveWeights(model.parameters, {
    metadata: (model as unknown as Model).describe({ size: [128, 128] }),
    name: 'model',
    shardBytes: Number.POSITIVE_INFINITY,
  }),
);

const scenes = syntheticScenes({ length: 20, size });
const jpegs = await Promise.all(
  Array.from({ length: scenes.length }, async (_, i) => {
    const { width, height, data } = await (await scenes.get(i)).image();
    return sharp(Uint8Array.from(data), { raw: { width, height, channels: 3 } })
      .jpeg({ quality: 85 })
      .toBuffer();
  }),
);
mkdirSync(join(folder, 'pictures'));
for (let i = 0; i < pictures; i++) {
  writeFileSync(join(folder, 'pictures', `${String(i).padStart(5, '0')}.jpg`), jpegs[i % jpegs.length]!);
}

/** Milliseconds a picture of decoding and of predicting, each by itself. */
async function stages(): Promise<{ decode: number; predict: number }> {
  const times = { decode: [] as number[], predict: [] as number[] };
  for (let i = -3; i < 30; i++) {
    const start = performance.now();
    const image = await decodeImage(jpegs[(i + 20) % 20]!);
    const decoded = performance.now();
    await model.predict(image);
    if (i < 0) continue;
    times.decode.push(decoded - start);
    times.predict.push(performance.now() - decoded);
  }
  return { decode: round(median(times.decode)), predict: round(median(times.predict)) };
}

/** The whole command, with its memory after each tenth of the pictures. */
async function command(): Promise<object> {
  const program = fileURLToPath(new URL('../packages/cli/dist/glid.js', import.meta.url));
  const args = ['predict', '--model', folder, join(folder, 'pictures'), '--out', join(folder, 'out')];
  const child = spawn(process.execPath, [program, ...args, '--backend', 'wasm', '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [result, done] = ['', 0];
  const memory = new Map<number, number>();
  child.stdout.on('data', (text) => (result += text));
  child.stderr.on('data', (text) => {
    done = Number(/(\d+) \S+\n$/.exec(String(text))?.[1] ?? done);
  });
  const timer = setInterval(() => {
    const tenth = Math.floor((10 * done) / pictures);
    const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
    const mebibytes = Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024);
    if (done > 0) memory.set(tenth, Math.max(memory.get(tenth) ?? 0, mebibytes));
  }, 250);
  const code = await new Promise((ended) => child.on('close', ended));
  clearInterval(timer);
  if (code !== 0) throw new Error(`glid predict ended with code ${code}`);
  const { predicted, seconds } = JSON.parse(result) as { predicted: number; seconds: number };
  return {
    predicted,
    millisecondsAPicture: round((1000 * seconds) / predicted),
    residentMiB: Object.fromEntries([...memory].map(([tenth, mebibytes]) => [`${10 * tenth} %`, mebibytes])),
  };
}

const loadBefore = round(loadavg()[0]!);
const before = await stages();
const run = await command();
const after = await stages();
const report = {
  what: `glid predict, glid-nano with a detection head at 128 px on @glid/backend-wasm, over ${pictures} JPEG files of ${size.join(' x ')} pixels`,
  measured: new Date().toISOString().slice(0, 10),
  machine: {
    processor: cpus()[0]?.model,
    threads: cpus().length,
    node: process.version,
    loadBefore,
    loadAfter: round(loadavg()[0]!),
  },
  stages: { what: 'medians in ms a picture, one after the other, before and after the run', before, after },
  command: run,
};
writeFileSync(new URL('results/predict.json', import.meta.url), `${JSON.stringify(report, null, 2)}\n`);
console.log(JSON.stringify(report, null, 2));
rmSync(folder, { recursive: true, force: true });
