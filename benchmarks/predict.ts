/**
 * `glid predict` over many pictures: whether its memory stays where it is, and how much of decoding and writing hides behind computing.
 *
 *   npx turbo run build && npx tsx --conditions=@glid/source benchmarks/predict.ts [--pictures 1000] [--part memory|overlap]
 *
 * memory: the command runs as users run it, from its built files; its resident memory is read while it works (Linux). overlap: the same
 * loop over pictures, in turn with the pictures one by one, so that each is decoded, looked at and written before the next; in turn, because
 * other work on the machine slows both alike. Writes results/predict.json; a part that is not measured stays there as it was.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { wasm } from '@glid/backend-wasm';
import { createModel, headOf, type Model, saveWeights, useBackend, writeWeights } from '@glid/core';
import { decodeImage, syntheticScenes } from '@glid/data';
import { detection } from '@glid/head-detection';
import { enableProdMode } from '@tensorflow/tfjs-core';
import sharp from 'sharp';
import type { PictureFile } from '../packages/cli/src/predict/find-pictures.ts';
import { predictPictures } from '../packages/cli/src/predict/predict-folder.ts';
import { median, round } from './training/measure.ts';

const { values } = parseArgs({
  options: { pictures: { type: 'string', default: '1000' }, part: { type: 'string' } },
});
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

/** Milliseconds a picture of decoding and of predicting, each by itself: medians. */
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

/** The loop of the command over twenty pictures, and the same one by one, in turn: medians of milliseconds a picture. */
async function overlap(): Promise<object> {
  const files: PictureFile[] = jpegs.map((_, i) => {
    const name = String(i).padStart(5, '0');
    return { name, path: join(folder, 'pictures', `${name}.jpg`) };
  });
  const run = async (some: readonly PictureFile[]): Promise<void> => {
    const { predicted } = await predictPictures(Readable.from(some), {
      ...{ model: model as unknown as Model, out: join(folder, 'overlap'), options: {}, strict: true },
      ...{ signal: new AbortController().signal, onPicture: () => undefined, onSkipped: () => undefined },
    });
    if (predicted !== some.length) throw new Error(`${predicted} of ${some.length} pictures`);
  };
  const time = async (work: () => Promise<void>): Promise<number> => {
    const start = performance.now();
    await work();
    return (performance.now() - start) / files.length;
  };
  await run(files);
  const rounds: { together: number; oneByOne: number; times: number }[] = [];
  for (let i = 0; i < 12; i++) {
    const together = await time(() => run(files));
    const oneByOne = await time(async () => {
      for (const file of files) await run([file]);
    });
    rounds.push({ together, oneByOne, times: oneByOne / together });
  }
  const middle = (name: 'together' | 'oneByOne' | 'times'): number => round(median(rounds.map((each) => each[name])));
  return {
    rounds: rounds.length,
    ...{ together: middle('together'), oneByOne: middle('oneByOne'), oneByOneOverTogether: middle('times') },
    stages: await stages(),
  };
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

const parts = { memory: command, overlap };
const place = new URL('results/predict.json', import.meta.url);
const report: Record<string, unknown> = existsSync(place) ? JSON.parse(readFileSync(place, 'utf8')) : {};
for (const [name, part] of Object.entries(parts)) {
  if (values.part !== undefined && values.part !== name) continue;
  const loadBefore = round(loadavg()[0]!);
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version, loadBefore };
  report[name] = { date: new Date().toISOString().slice(0, 10), machine, ...(await part()) };
}
report.what = `glid-nano with a detection head at 128 px on @glid/backend-wasm, JPEG files of ${size.join(' x ')} pixels`;
writeFileSync(place, `${JSON.stringify(report, null, 2)}\n`);
console.log(JSON.stringify(report, null, 2));
rmSync(folder, { recursive: true, force: true });
