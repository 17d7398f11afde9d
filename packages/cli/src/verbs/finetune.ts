import type { Dataset } from '@glid/base';
import { createModel, type HeadRecipe, headOf, type Model } from '@glid/core';
import { finetune as finetuning } from '@glid/core/train';
import { type Augmentation, onePerObject, presets } from '@glid/data';
import type { Command, CommandContext } from '../command.ts';
import { dataRequest, sizeOf } from '../data/data-options.ts';
import type { DataRequest } from '../data/data-request.ts';
import { openDataset } from '../data/open-dataset.ts';
import { type Config, completeConfig, configFor, readHeadConfig } from '../heads/head-config.ts';
import { formatsFor, sourcesOf } from '../heads/head-data.ts';
import { loadHead, type NamedHead, ownHeads } from '../heads/load-head.ts';
import { attentionPictures } from '../train/attention-pictures.ts';
import { startingPoint } from '../train/backbone.ts';
import { openHeldOut } from '../train/evaluation-request.ts';
import { rememberedOptions } from '../train/run-folder.ts';
import { runTraining } from '../train/run-training.ts';
import { samplePredictions } from '../train/sample-predictions.ts';
import { trainOptions } from '../train/train-options.ts';
import { usageError } from '../usage-error.ts';

export const finetune: Command = {
  name: 'finetune',
  summary: 'Trains one head or several, with encoder, neck and decoder, on annotated pictures.',
  usage: 'glid finetune --head HEAD --data PATH --out RUN [--from CKPT] [options]',
  options: {
    head: {
      kind: 'list',
      placeholder: 'HEAD,…',
      help: 'detection, segmentation, depth, pose, a package, a file or a folder (./my-head); key=HEAD names it in the model',
      required: true,
    },
    headConfig: {
      kind: 'json',
      placeholder: 'JSON|FILE',
      help: "the head's settings; with several heads one object a head",
    },
    parts: {
      kind: 'list',
      placeholder: 'A,B,…',
      help: 'groups to take from --from (default encoder, neck, decoder, queries as far as they are there)',
    },
    queryRate: {
      kind: 'number',
      placeholder: 'F',
      default: 1,
      help: 'factor on the learning rate of the query embeddings, beside what the head asks for',
    },
    ...trainOptions,
  },
  positionals: [],
  remembered: (given) => rememberedOptions('finetune', given),
  run,
};

async function run(context: CommandContext): Promise<unknown> {
  const { options } = context;
  const heads = await Promise.all((options.head as readonly string[]).map(loadHead));
  const keys = heads.map(({ key }) => key);
  if (new Set(keys).size < keys.length)
    throw usageError('Two heads have the same key.', 'Name them: --head a=depth,b=depth.');
  const given = await readHeadConfig(options.headConfig as string | Config | undefined);
  const ownConfigs = new Map(keys.map((key) => [key, configFor(key, keys, given)]));
  const isPose = heads.some(({ factory }) => factory.id === ownHeads.pose);
  if (isPose && heads.length > 1) {
    throw usageError(
      'A pose head looks at one body at a time and cannot be trained with others in one run.',
      'Train it alone.',
    );
  }
  const size = sizeOf(options) ?? (isPose ? [128, 96] : [128, 128]);
  const request = requestFor(context, heads, ownConfigs, isPose, size);
  const { dataset, format } = await openDataset(request);
  const held = await openHeldOut(context, request);
  const start = await startingPoint(options);
  const configs = new Map(
    heads.map((head) => [head.key, completeConfig(head, ownConfigs.get(head.key)!, { dataset, nano: start.nano })]),
  );
  const recipes: Record<string, HeadRecipe> = Object.fromEntries(
    heads.map(({ key, factory }) => [key, headOf(factory, configs.get(key) as never)]),
  );
  const perBody = async (set: Dataset): Promise<Dataset> => (isPose ? onePerObject(set) : set);
  const detects = heads.some(({ factory }) => factory.id === ownHeads.detection);
  return runTraining(
    {
      verb: 'finetune',
      title: `${keys.join(' and ')} on ${dataset.name}`,
      size,
      format,
      dataset: await perBody(dataset),
      held: held && (await perBody(held.dataset)),
      start,
      defaults: { steps: 600, learningRate: detects ? 5e-4 : 1e-3, beta2: 0.999 },
      parts: ({ names }) => (options.parts as readonly string[] | undefined) ?? sharedGroups(names),
      settings: { heads: Object.fromEntries(configs) },
      facts: { heads: keys.join(', '), start: (options.from as string | undefined) ?? 'from scratch' },
      createModel: async () =>
        (await createModel({
          backbone: start.backbone,
          heads: recipes,
          seed: options.seed as number,
          resize: { longest: Math.max(...size) },
        })) as unknown as Model,
      pipeline: (part) => pipelineFor(heads, part, size),
      sources: (model) => sourcesOf(model.heads),
      train: (settings) => finetuning(settings),
      metric: ({ heads: built }) =>
        keys.length === 1 ? `${keys[0]}.${built[keys[0]!]!.primaryMetric.name}` : undefined,
      pictures: async (model, set) => ({
        ...(await samplePredictions(model, set)),
        ...(await attentionPictures(model, set, Math.max(...size))),
      }),
    },
    context,
  );
}

/** What the heads need decides which of a folder's annotations are read. */
function requestFor(
  { options }: CommandContext,
  heads: readonly NamedHead[],
  configs: ReadonlyMap<string, Config>,
  isPose: boolean,
  size: readonly [number, number],
): DataRequest {
  const request = { ...dataRequest(options, 'train'), joints: isPose, size };
  const wanted = formatsFor(heads.map(({ key, factory }) => ({ id: factory.id, config: configs.get(key)! })));
  const data = isPose && request.data === 'synthetic' ? 'synthetic-figures' : request.data;
  return { ...request, data, wanted };
}

/** One pipeline for all heads of a run; several kinds of targets get what suits them all: the whole picture, mirrored, recoloured. */
function pipelineFor(
  heads: readonly NamedHead[],
  part: 'train' | 'test',
  size: readonly [number, number],
): readonly Augmentation[] {
  const [only, ...others] = heads;
  if (only?.factory.id === ownHeads.pose) return presets.small.pose[part]({ size });
  if (only?.factory.id === ownHeads.depth && others.length === 0) return presets.small.depth[part]({ size });
  return presets.small.detection[part]({ size });
}

/** What every checkpoint may hand on, as far as it is there; heads are new. */
function sharedGroups(names: readonly string[]): readonly string[] {
  const shared = ['encoder', 'neck', 'decoder', 'queries.cls'];
  return shared.filter((group) => names.some((name) => name === group || name.startsWith(`${group}.`)));
}
