import type { Random } from '@glid/base';
import type { AnyHead, LossTerms, ParameterSpecs, RawOutputs } from '@glid/head-kit';
import { addN, mul, type Scalar, type Tensor, type Tensor4D, tensor4d } from '@tensorflow/tfjs-core';
import { type BlockDrop, drawDropPath } from '../encoder/drop-path.ts';
import type { BlockRunner } from '../encoder/encode.ts';
import { forwardFeatures, forwardHeads } from '../model/forward.ts';
import type { ModelConfig } from '../model/model-config.ts';
import { coreSpecs, headSpecs } from '../model/model-specs.ts';
import type { Batch } from '../training/batch.ts';
import type { Objective, ParameterRecord } from '../training/objective.ts';
import { recompute } from '../training/recompute.ts';

/** The heads of a run by key. */
export type Heads = { readonly [key: string]: AnyHead };

/** Raw outputs by head key; only heads that the batch has targets for. */
export interface HeadOutputs {
  readonly raw: { readonly [key: string]: RawOutputs };
}

export interface FinetuneObjectiveOptions {
  readonly config: ModelConfig;
  /** The heads that are trained, together. */
  readonly heads: Heads;
  /** Factor on each head's loss, default 1. */
  readonly lossWeights?: { readonly [key: string]: number };
  /** `queries.<key>.embedding` of a head -> that of the head whose queries it shares. */
  readonly ties?: ReadonlyMap<string, string>;
  /** Compute encoder blocks again in the backward pass: less memory, more time. */
  readonly recompute?: boolean;
  /** `packed` (default) decodes all heads' queries in one sequence; same numbers. */
  readonly decoding?: 'packed' | 'sequential';
}

/** Fine-tuning as an objective: one pass of encoder and neck, then every head's own loss (GLID section 3, eq. 3). */
export function finetuneObjective(
  options: FinetuneObjectiveOptions,
): Objective<readonly BlockDrop[] | undefined, HeadOutputs> {
  const { config, heads, lossWeights = {}, ties = new Map() } = options;
  const runBlock: BlockRunner | undefined = options.recompute ? recompute : undefined;
  const presentIn = (batch: Batch): string[] => Object.keys(heads).filter((key) => batch.targets[key] !== undefined);
  const forward = (
    parameters: Readonly<ParameterRecord>,
    images: Tensor4D,
    batch: Batch,
    dropPath: readonly BlockDrop[] | undefined,
  ): HeadOutputs => {
    const present = Object.fromEntries(presentIn(batch).map((key) => [key, heads[key]!]));
    const own = withTies(parameters, ties);
    const features = forwardFeatures(own, config, images, { sizes: sizesOf(batch), dropPath, runBlock });
    return { raw: forwardHeads(own, config, present, features, options.decoding, { training: true }) };
  };
  return {
    specs: finetuneSpecs(config, heads),
    draw: (batch, { random }) => drawDepth(config, batch, random),
    forward: (parameters, batch, dropPath) => forward(parameters, inputsOf(batch).images, batch, dropPath),
    recordable: {
      kindOf: (batch, dropPath) =>
        dropPath || runBlock ? undefined : JSON.stringify([batch.images.shape, sizesOf(batch), presentIn(batch)]),
      forward,
    },
    async assign({ raw }, batch, context) {
      const assigned: Record<string, unknown> = {};
      for (const [key, outputs] of Object.entries(raw)) {
        assigned[key] = await heads[key]!.doAssign?.(outputs, batch.targets[key]!, context);
      }
      return assigned;
    },
    loss: ({ raw }, batch, assigned, context) =>
      sumOfHeads(raw, lossWeights, (key, outputs) => {
        const own = (assigned as Readonly<Record<string, unknown>>)[key];
        return heads[key]!.doLoss(outputs, batch.targets[key]!, own, context);
      }),
    watched: ({ raw }) => queryOutputs(raw, heads),
  };
}

/** What fine-tuning may change: all that the heads share, and what is theirs. Not the pixel head of pre-training. */
export function finetuneSpecs(config: ModelConfig, heads: Heads): ParameterSpecs {
  const own = Object.entries(heads).map(([key, head]) => headSpecs(key, head, config.neck.width));
  return Object.assign({}, coreSpecs(config), ...own);
}

/** A batch on the device, and which part of each picture is padding. */
export function inputsOf(batch: Batch): { images: Tensor4D; sizes: readonly (readonly [number, number])[] } {
  const { data, shape } = batch.images;
  return { images: tensor4d(data, [...shape]), sizes: sizesOf(batch) };
}

function sizesOf({ metas }: Batch): (readonly [number, number])[] {
  return metas.map((meta) => meta.resizedSize);
}

function drawDepth(config: ModelConfig, batch: Batch, random: Random): readonly BlockDrop[] | undefined {
  return config.encoder.dropPath > 0 ? drawDropPath(config.encoder, batch.images.shape[0], random) : undefined;
}

function withTies(parameters: Readonly<ParameterRecord>, ties: ReadonlyMap<string, string>): Readonly<ParameterRecord> {
  if (ties.size === 0) return parameters;
  return {
    ...parameters,
    ...Object.fromEntries([...ties].map(([follower, leader]) => [follower, parameters[leader]!])),
  };
}

/** Weighted sum; terms are named `<key>.<term>`. */
function sumOfHeads(
  raw: HeadOutputs['raw'],
  weights: { readonly [key: string]: number },
  lossOf: (key: string, outputs: RawOutputs) => LossTerms,
): LossTerms {
  const terms: Record<string, Scalar> = {};
  const totals: Scalar[] = [];
  const weighted = (loss: Scalar, weight: number): Scalar => (weight === 1 ? loss : (mul(loss, weight) as Scalar));
  for (const [key, outputs] of Object.entries(raw)) {
    const weight = weights[key] ?? 1;
    const loss = lossOf(key, outputs);
    totals.push(weighted(loss.total, weight));
    for (const [name, term] of Object.entries(loss.terms)) terms[`${key}.${name}`] = weighted(term, weight);
  }
  return { total: totals.length === 1 ? totals[0]! : (addN(totals) as Scalar), terms };
}

/** The outputs with a query axis, `[B, Q, C]`; of those that come once a decoder layer, `<name>.<layer>`, the last layer's. */
function queryOutputs(raw: HeadOutputs['raw'], heads: Heads): { readonly [name: string]: Tensor } {
  const found: Record<string, Tensor> = {};
  for (const [key, outputs] of Object.entries(raw)) {
    const layers = new Map<string, number>();
    for (const [name, output] of Object.entries(outputs)) {
      if (output.rank !== 3 || output.shape[1] !== heads[key]!.queries.count) continue;
      const [, base, layer] = /^(.+)\.(\d+)$/.exec(name) ?? [null, name, '0'];
      if (Number(layer) < (layers.get(base!) ?? 0)) continue;
      layers.set(base!, Number(layer));
      found[`${key}.${base}`] = output;
    }
  }
  return found;
}
