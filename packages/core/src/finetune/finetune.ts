import { GlidError } from '@glid/base';
import type { AnyHead } from '@glid/head-kit';
import type { Model } from '../model/model.ts';
import type { WatchedMetric } from '../training/early-stopping.ts';
import type { TrainingEvent } from '../training/events.ts';
import type { Objective } from '../training/objective.ts';
import type { RunOptions } from '../training/run-options.ts';
import { trainModel } from '../training/train-model.ts';
import { evaluateHeads, type ResultListener } from './evaluate-heads.ts';
import { finetuneObjective, type Heads } from './finetune-objective.ts';
import { queryTies } from './shared-queries.ts';

export interface FinetuneOptions<H extends Heads = Heads> extends RunOptions {
  readonly model: Model<H>;
  /** The heads to train, together; all of the model's when absent. */
  readonly heads?: readonly (keyof H & string)[];
  /** Factor on each head's loss, default 1. */
  readonly lossWeights?: { readonly [K in keyof H]?: number };
  /** Groups of heads that answer from the same queries; by default each head has its own. */
  readonly sharedQueries?: readonly (readonly (keyof H & string)[])[];
  /** `packed` (default) decodes all heads' queries in one sequence; same numbers. */
  readonly decoding?: 'packed' | 'sequential';
  /** Told every evaluated picture's results, e.g. to draw some of them into the report. */
  readonly onResults?: ResultListener;
}

/**
 * Fine-tunes a model to its heads' tasks, in place. Nothing happens until the events are iterated; see `train` for their rules.
 * With one head the metric that picks the best checkpoint is the head's own.
 *
 * @example
 * for await (const event of finetune({ model, data, steps: 300, optimizer: { learningRate: 1e-3 } })) console.log(event);
 *
 * @throws GLID_CONFIG for settings that make no sense; whatever happens later ends in a `failed` event
 */
export function finetune<H extends Heads>(options: FinetuneOptions<H>): AsyncGenerator<TrainingEvent, void, undefined> {
  const model = options.model as unknown as Model<{ readonly [key: string]: AnyHead }>;
  const heads = chosenHeads(model.heads, options.heads);
  const ties = queryTies(heads, options.sharedQueries ?? []);
  const objective = finetuneObjective({
    config: model.config,
    heads,
    ties,
    ...(options.lossWeights ? { lossWeights: options.lossWeights as { [key: string]: number } } : {}),
    ...(options.recompute ? { recompute: true } : {}),
    ...(options.decoding ? { decoding: options.decoding } : {}),
  });
  return trainModel(
    model,
    {
      objective: objective as Objective,
      ties,
      metric: ownMetric(heads),
      evaluate: (parameters, signal) =>
        evaluateHeads({ config: model.config, heads, parameters }, options.evaluation!.data, {
          signal,
          ...(options.onResults ? { onResults: options.onResults } : {}),
        }),
    },
    options,
  );
}

function chosenHeads(all: Heads, keys: readonly string[] | undefined): Heads {
  const chosen = keys ?? Object.keys(all);
  const missing = chosen.find((key) => !Object.hasOwn(all, key));
  if (chosen.length > 0 && missing === undefined) return Object.fromEntries(chosen.map((key) => [key, all[key]!]));
  throw new GlidError('GLID_CONFIG', missing ? `The model has no head '${missing}'.` : 'There is no head to train.', {
    fix: `Its heads are: ${Object.keys(all).join(', ') || 'none; create the model with heads'}.`,
  });
}

function ownMetric(heads: Heads): WatchedMetric | undefined {
  const [only, ...others] = Object.entries(heads);
  if (!only || others.length > 0) return undefined;
  const [key, { primaryMetric }] = only;
  return { name: `${key}.${primaryMetric.name}`, better: primaryMetric.better };
}
