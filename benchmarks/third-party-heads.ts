// The two heads of examples/third-party-heads, trained from scratch for a few minutes on a CPU: do they learn more than chance and habit?
// npx tsx --conditions=@glid/source benchmarks/third-party-heads.ts [--only classification|counting] [--steps 300] [--data ../shared/data/pretrain]
// A development run: a very small model, small pictures, one seed. What is measured replaces its entry in results/third-party-heads.json.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { wasm } from '@glid/backend-wasm';
import { type Dataset, Random, type SceneRecord } from '@glid/base';
import { createModel, type HeadRecipe, headOf, type ModelConfig, useBackend } from '@glid/core';
import { finetune } from '@glid/core/train';
import { batchSource, evaluationSource, keepInMemory, presets, readImageFolder, syntheticScenes } from '@glid/data';
import { enableProdMode } from '@tensorflow/tfjs-core';
import { crowdCounting } from '../examples/third-party-heads/crowd-counting/src/index.ts';
import { imageClassification } from '../examples/third-party-heads/image-classification/src/index.ts';

const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    steps: { type: 'string', default: '300' },
    data: { type: 'string', default: '../shared/data/pretrain' },
  },
});
const side = 64;
const batchSize = 16;
const steps = Number(options.steps);
const backbone = JSON.parse(readFileSync('tools/quickstart-backbone.json', 'utf8')) as ModelConfig;

interface Task {
  readonly head: HeadRecipe;
  readonly train: Dataset;
  readonly test: Dataset;
  /** What the run is about, and what answers without looking would score. */
  readonly about: { readonly [name: string]: unknown };
}

/** The ten largest classes of Caltech-101 in the pack (without its clutter, and one of the two sets of faces), 60 and 30 pictures each. */
async function classification(): Promise<Task> {
  const classOf = JSON.parse(readFileSync(resolve(options.data, 'classes.json'), 'utf8')) as Record<string, string>;
  const byClass = new Map<string, string[]>();
  for (const [file, name] of Object.entries(classOf)) {
    if (!file.startsWith('caltech101_') || ['BACKGROUND_Google', 'Faces_easy'].includes(name)) continue;
    byClass.set(name, [...(byClass.get(name) ?? []), file]);
  }
  const largest = [...byClass].sort(([a, x], [b, y]) => y.length - x.length || a.localeCompare(b)).slice(0, 10);
  const labels = largest.map(([name]) => name).sort();
  const all = await readImageFolder(resolve(options.data, 'images'));
  const places = new Map<string, number>();
  for (let i = 0; i < all.length; i++) places.set((await all.get(i)).id, i);
  const random = new Random(0);
  const [train, test]: { file: string; name: string }[][] = [[], []];
  for (const [name, files] of largest) {
    const order = [...random.permutation(files.length)].map((k) => ({ file: files[k]!, name }));
    train!.push(...order.slice(0, 60));
    test!.push(...order.slice(60, 90));
  }
  // As in a folder a class: the head reads the class off the record's id.
  const dataset = (part: readonly { file: string; name: string }[]): Dataset => ({
    ...all,
    labels,
    length: part.length,
    async get(index): Promise<SceneRecord> {
      const { file, name } = part[index]!;
      return { ...(await all.get(places.get(file)!)), id: `${name}/${file}` };
    },
  });
  return {
    head: headOf(imageClassification, { labels }),
    train: keepInMemory(dataset(train!)),
    test: keepInMemory(dataset(test!)),
    about: {
      data: 'the ten largest classes of Caltech-101, shorter side at most 128 px',
      labels,
      chance: { top1: 0.1, top5: 0.5 },
    },
  };
}

/** Up to 20 things that stand far away, small and close together; the habit to beat is the mean count of the training scenes. */
async function counting(): Promise<Task> {
  const labels = ['ball', 'crate', 'star'];
  const scenes = (seed: number, length: number): Dataset =>
    keepInMemory(syntheticScenes({ seed, length, size: side, labels, things: [0, 20], distance: [5, 8.5], people: 0 }));
  const [train, test] = [scenes(1, 1024), scenes(2, 128)];
  const countsOf = async (dataset: Dataset): Promise<number[]> => {
    const counts: number[] = [];
    for (let i = 0; i < dataset.length; i++) counts.push((await dataset.get(i)).objects?.length ?? 0);
    return counts;
  };
  const mean = (list: readonly number[]): number => list.reduce((sum, value) => sum + value, 0) / list.length;
  const habit = mean(await countsOf(train));
  const truth = await countsOf(test);
  return {
    head: headOf(crowdCounting, { labels }),
    train,
    test,
    about: {
      data: 'synthetic scenes that start with 0 to 20 balls, crates and stars, 5 to 8.5 m away; hidden ones do not count',
      meanCount: habit,
      alwaysTheMean: {
        mae: mean(truth.map((count) => Math.abs(count - habit))),
        rmse: Math.sqrt(mean(truth.map((count) => (count - habit) ** 2))),
      },
    },
  };
}

async function measure({ head, train, test, about }: Task): Promise<object> {
  const model = await createModel({ backbone, heads: { task: head }, resize: { longest: side } });
  const { train: augmented, test: plain } = presets.small.detection;
  const started = process.cpuUsage();
  let metrics: { readonly [name: string]: number } = {};
  for await (const event of finetune({
    model,
    data: batchSource({
      dataset: train,
      sources: model.heads,
      pipeline: augmented({ size: [side, side] }),
      batchSize,
      seed: 0,
    }),
    steps,
    optimizer: { learningRate: 1e-3, schedule: { kind: 'cosine', warmUp: { steps: 20 } }, clip: 1 },
    evaluation: {
      data: evaluationSource({
        dataset: test,
        sources: model.heads,
        pipeline: plain({ size: [side, side] }),
        batchSize,
      }),
      everySteps: steps,
    },
  })) {
    if (event.type === 'failed') throw event.error;
    if (event.type === 'step' && event.step % 20 === 0)
      console.log(`step ${event.step}  loss ${event.loss.toFixed(3)}`);
    if (event.type === 'evaluation') metrics = event.metrics;
  }
  model.dispose();
  const { user, system } = process.cpuUsage(started);
  return {
    ...about,
    pictures: { train: train.length, test: test.length, side },
    steps,
    batchSize,
    processorMinutes: Number(((user + system) / 6e7).toFixed(1)),
    metrics: Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name.replace('task.', ''), value])),
  };
}

enableProdMode();
const { backend } = await useBackend(wasm());
const file = 'benchmarks/results/third-party-heads.json';
const earlier = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { tasks?: object }) : {};
const tasks: Record<string, object> = { ...(earlier.tasks as Record<string, object> | undefined) };
for (const [name, prepare] of Object.entries({ classification, counting })) {
  if (options.only && options.only !== name) continue;
  console.log(name);
  const measured = new Date().toISOString().slice(0, 10);
  const machine = {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    node: process.version,
    backend: backend.description,
  };
  tasks[name] = { measured, machine, ...(await measure(await prepare())) };
  console.log(tasks[name]);
  const about = { model: 'tools/quickstart-backbone.json, from scratch' };
  writeFileSync(file, `${JSON.stringify({ ...about, tasks }, null, 2)}\n`);
}
