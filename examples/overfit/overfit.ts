/**
 * The first thing to try when a model does not learn: a few pictures, over and over. A head that cannot learn two pictures by heart has a fault.
 *
 *   npx tsx --conditions=@glid/source examples/overfit/overfit.ts detection|semantic|instance|panoptic|depth|pose [folder for pictures]
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { wasm } from '@glid/backend-wasm';
import { createModel, useBackend } from '@glid/core';
import { finetune, type TrainingEvent } from '@glid/core/train';
import { batchSource, evaluationSource } from '@glid/data';
import { drawRgba, encodePng, type Shape2D } from '@glid/head-kit';
import { enableProdMode } from '@tensorflow/tfjs-core';
import { backbone, lessons } from './lessons.ts';

/** How a lesson ended. */
export interface Learnt {
  readonly metrics: Readonly<Record<string, number>>;
  readonly steps: number;
  /** What the head found in each picture at the end. */
  readonly shapes: readonly (readonly Shape2D[])[];
}

/** Trains one head on its few synthetic pictures until it knows them by heart, at most the lesson's steps. */
export async function overfit(name: string, onEvent: (event: TrainingEvent) => void = () => {}): Promise<Learnt> {
  const { dataset, head, pipeline, learningRate, queryRate = 1, steps, goal } = lessons[name]!();
  const model = await createModel({ backbone, heads: { task: head }, seed: 0 });
  const everySteps = 25;
  const batchSize = dataset.length;
  let learnt: Learnt = { metrics: {}, steps: 0, shapes: [] };
  let shapes: (readonly Shape2D[])[] = [];
  const events = finetune({
    model,
    data: batchSource({ dataset, sources: model.heads, pipeline, batchSize, seed: 0 }),
    steps,
    optimizer: {
      learningRate,
      learningRates: [{ match: 'queries.task.embedding', factor: queryRate }],
      schedule: { kind: 'cosine', warmUp: { steps: 10 }, end: 0.1 },
      clip: 1,
    },
    evaluation: {
      data: evaluationSource({ dataset, sources: model.heads, pipeline, batchSize }),
      everySteps,
    },
    onResults: (_, samples) => {
      shapes = samples.map(({ result }) => model.heads.task.draw?.(result as never) ?? []);
    },
    watchEvery: everySteps,
  });
  for await (const event of events) {
    onEvent(event);
    if (event.type !== 'evaluation') continue;
    const metrics = Object.fromEntries(
      Object.entries(event.metrics).map(([key, value]) => [key.replace('task.', ''), value]),
    );
    learnt = { metrics, steps: event.step, shapes };
    if (Object.entries(goal).every(([metric, least]) => metrics[metric]! >= least)) break;
  }
  model.dispose();
  return learnt;
}

/** The lesson's pictures with what the head found, four times as large, as PNG files. */
async function draw(name: string, { shapes }: Learnt, folder: string): Promise<void> {
  const { dataset } = lessons[name]!();
  mkdirSync(folder, { recursive: true });
  for (const [i, found] of shapes.entries()) {
    const { data, width, height } = await (await dataset.get(i)).image();
    const scale = 4;
    const large = {
      width: width * scale,
      height: height * scale,
      data: new Uint8Array(width * height * scale ** 2 * 4),
    };
    for (let p = 0; p < large.width * large.height; p++) {
      const [x, y] = [Math.floor((p % large.width) / scale), Math.floor(p / large.width / scale)];
      for (let c = 0; c < 3; c++) large.data[4 * p + c] = data[3 * (y * width + x) + c]!;
      large.data[4 * p + 3] = 255;
    }
    drawRgba(large, found, { scale });
    writeFileSync(`${folder}/${name}-${i}.png`, await encodePng(large));
  }
}

if (process.argv[1]?.includes('overfit')) {
  const [, , name = '', folder] = process.argv;
  if (!lessons[name]) {
    console.error(`Give one of: ${Object.keys(lessons).join(', ')}.`);
    process.exit(2);
  }
  enableProdMode();
  await useBackend([wasm({ nativeGemm: 'off' })]);
  const start = Date.now();
  const learnt = await overfit(name, (event) => {
    if (event.type === 'step' && event.step % 25 === 0)
      console.log(`step ${event.step}  loss ${event.loss.toFixed(4)}`);
    if (event.type === 'step' && event.spread) console.log(JSON.stringify(event.spread));
    if (event.type === 'evaluation') console.log(event.metrics);
    if (event.type === 'warning') console.log(event.message);
  });
  console.log(`${learnt.steps} steps, ${((Date.now() - start) / 1000).toFixed(0)} s`);
  if (folder) await draw(name, learnt, folder);
}
