import { type Checkpoint, createModel, type Model, type PretrainConfig } from '@glid/core';
import { pretrain as pretraining } from '@glid/core/train';
import { presets } from '@glid/data';
import type { Command } from '../command.ts';
import { dataRequest, sizeOf } from '../data/data-options.ts';
import { openDataset } from '../data/open-dataset.ts';
import { startingPoint } from '../train/backbone.ts';
import { openHeldOut } from '../train/evaluation-request.ts';
import { reconstructions } from '../train/reconstructions.ts';
import { rememberedOptions } from '../train/run-folder.ts';
import { runTraining } from '../train/run-training.ts';
import { trainOptions } from '../train/train-options.ts';

/** What pre-training can go on from. */
const groups = ['encoder', 'neck', 'decoder', 'queries', 'pretrain'] as const;

export const pretrain: Command = {
  name: 'pretrain',
  summary: 'Masked pre-training of encoder, neck, decoder and queries on pictures without labels.',
  usage: 'glid pretrain --data PATH --out RUN [--steps N] [options]',
  options: {
    ...trainOptions,
    unit: {
      kind: 'integer',
      placeholder: 'PIXELS',
      help: 'side of the hidden squares',
      choices: ['4', '8', '16', '32', '64'],
      default: 16,
    },
    maskRatio: {
      kind: 'number',
      placeholder: 'SHARE',
      help: 'share of the squares that is hidden',
      minimum: 0,
      maximum: 1,
      default: 0.75,
    },
    target: { kind: 'string', help: 'pixels to answer', choices: ['normalized', 'raw'], default: 'normalized' },
  },
  positionals: [],
  remembered: (given) => rememberedOptions('pretrain', given),
  async run(context) {
    const { options } = context;
    const size = sizeOf(options) ?? [128, 128];
    const request = { ...dataRequest(options, 'train'), wanted: ['folder'] as const, size };
    const { dataset, format } = await openDataset(request);
    const held = await openHeldOut(context, request);
    const start = await startingPoint(options);
    const masking = {
      unit: options.unit as number,
      ratio: options.maskRatio as number,
      target: options.target as PretrainConfig['target'],
    };
    return runTraining(
      {
        verb: 'pretrain',
        title: `Pre-training on ${dataset.name}`,
        size,
        format,
        dataset,
        held: held?.dataset ?? null,
        start,
        defaults: { steps: 1000, learningRate: 1e-3, beta2: 0.95 },
        parts: ({ names }: Checkpoint) => groups.filter((group) => names.some((name) => name.startsWith(`${group}.`))),
        settings: { masking },
        facts: { 'mask unit': masking.unit, 'masked share': masking.ratio },
        createModel: async () =>
          (await createModel({
            backbone: start.backbone,
            pretrain: masking,
            seed: options.seed as number,
          })) as unknown as Model,
        pipeline: (part) => presets.small.pretrain[part]({ size }),
        sources: () => ({}),
        train: (run) => pretraining(run),
        metric: () => 'loss',
        pictures: async (model, pictures) => ({ Reconstructions: await reconstructions(model, pictures, size) }),
      },
      context,
    );
  },
};
