import { availableParallelism, cpus } from 'node:os';
import { createModel, type HeadRecipe, headOf, type Model } from '@glid/core';
import { pretrain as pretraining } from '@glid/core/train';
import { batchSource, presets, syntheticScenes } from '@glid/data';
import type { BackendName } from '../backend/candidates.ts';
import { backendOption, chooseBackend } from '../backend/choose-backend.ts';
import type { Command, OptionValues } from '../command.ts';
import { sizeOf } from '../data/data-options.ts';
import { completeConfig } from '../heads/head-config.ts';
import { loadHead } from '../heads/load-head.ts';
import { openModel } from '../model/open-model.ts';
import type { Output } from '../output.ts';
import { table } from '../table.ts';
import { startingPoint } from '../train/backbone.ts';
import { version } from '../version.ts';

interface Spread {
  readonly median: number;
  readonly fastest: number;
  readonly slowest: number;
}

export const benchmark: Command = {
  name: 'benchmark',
  summary: 'How fast this machine predicts and trains, on drawn pictures.',
  usage: 'glid benchmark [--model CKPT | --backbone SIZE --head HEAD,…] [--count N] [options]',
  options: {
    model: { kind: 'string', placeholder: 'CKPT', help: 'a trained model; its size and heads are what is measured' },
    backbone: {
      kind: 'string',
      placeholder: 'SIZE|FILE',
      help: 'untrained model instead: nano, tiny, … or a JSON file',
    },
    head: {
      kind: 'list',
      placeholder: 'HEAD,…',
      help: 'heads of the untrained model; heads of a model that are not own',
    },
    size: { kind: 'string', placeholder: 'HxW', help: 'pixels of the pictures (default 128)' },
    batchSize: { kind: 'integer', placeholder: 'N', help: 'pictures a batch in training', minimum: 1, default: 8 },
    count: { kind: 'integer', placeholder: 'N', help: 'measurements, after warming up', minimum: 1, default: 20 },
    train: {
      kind: 'boolean',
      help: 'also measure steps of masked pre-training; --no-train leaves it out',
      default: true,
    },
    backend: backendOption,
  },
  positionals: [],
  async run({ options, output, signal }) {
    const { backend } = await chooseBackend(options.backend as BackendName, output);
    const size = sizeOf(options) ?? [128, 128];
    const count = options.count as number;
    const model = options.model === undefined ? await untrained(options, size) : await trained(options);
    const predict = await predictions(model, size, count, output);
    model.dispose();
    const train = options.train ? await trainingSteps(options, size, count, signal, output) : null;
    const facts = backend as { readonly peakBytes?: () => number };
    const result = {
      glid: version,
      node: process.versions.node,
      cpu: cpus()[0]?.model ?? 'unknown',
      cores: availableParallelism(),
      backend: backend.description,
      size,
      heads: Object.values(model.heads).map(({ id }) => id),
      predict: { ...predict, unit: 'ms a picture' },
      train: train && { ...train, batchSize: options.batchSize, unit: 'ms a step' },
      peakMebibytes: facts.peakBytes ? facts.peakBytes() / 2 ** 20 : null,
    };
    const row = (name: string, { median, fastest, slowest }: Spread): string[] => [
      name,
      ...[median, fastest, slowest].map((value) => value.toFixed(1)),
    ];
    const rows = [row('predict, ms a picture', predict)];
    if (train) rows.push(row(`pre-train, ms a step of ${options.batchSize}`, train));
    output.line(table([['', 'median', 'fastest', 'slowest'], ...rows]));
    if (result.peakMebibytes !== null) output.line(`most memory of tensors: ${result.peakMebibytes.toFixed(0)} MiB`);
    return result;
  },
};

async function trained(options: OptionValues): Promise<Model> {
  return (await openModel(options.model as string, options.head as readonly string[] | undefined)).model;
}

async function untrained(options: OptionValues, size: readonly [number, number]): Promise<Model> {
  const { backbone, nano } = await startingPoint(options);
  const dataset = syntheticScenes({ length: 1, size });
  const heads = await Promise.all(((options.head as readonly string[] | undefined) ?? ['detection']).map(loadHead));
  const recipes: Record<string, HeadRecipe> = Object.fromEntries(
    heads.map((head) => [head.key, headOf(head.factory, completeConfig(head, {}, { dataset, nano }) as never)]),
  );
  return (await createModel({ backbone, heads: recipes, resize: { longest: Math.max(...size) } })) as unknown as Model;
}

async function predictions(
  model: Model,
  size: readonly [number, number],
  count: number,
  output: Output,
): Promise<Spread> {
  const scenes = syntheticScenes({ length: count, size });
  const image = await (await scenes.get(0)).image();
  const resize = { longest: Math.max(...size) };
  for (let i = 0; i < 3; i++) await model.predict(image, { resize });
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const picture = await (await scenes.get(i)).image();
    const start = performance.now();
    await model.predict(picture, { resize });
    times.push(performance.now() - start);
    output.progress(i + 1, count, 'predictions');
  }
  return spread(times);
}

async function trainingSteps(
  options: OptionValues,
  size: readonly [number, number],
  count: number,
  signal: AbortSignal,
  output: Output,
): Promise<Spread> {
  const { backbone } = await startingPoint(options);
  const model = await createModel({ backbone, pretrain: { unit: 16 } });
  const data = batchSource({
    dataset: syntheticScenes({ length: 64, size }),
    pipeline: presets.small.pretrain.train({ size }),
    batchSize: options.batchSize as number,
  });
  const steps = count + 2;
  const times: number[] = [];
  for await (const event of pretraining({
    model: model as unknown as Model,
    data,
    steps,
    optimizer: { learningRate: 1e-4 },
    signal,
  })) {
    if (event.type !== 'step') continue;
    const { data: waiting, gradients, exchange, update } = event.milliseconds;
    if (event.step > 2) times.push(waiting + gradients + exchange + update);
    output.progress(event.step, steps, 'training steps');
  }
  model.dispose();
  return spread(times);
}

function spread(times: readonly number[]): Spread {
  const sorted = [...times].sort((a, b) => a - b);
  return { median: sorted[sorted.length >> 1]!, fastest: sorted[0]!, slowest: sorted.at(-1)! };
}
