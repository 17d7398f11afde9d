import { GlidError } from '@glid/base';
import type { AnyHead } from '@glid/head-kit';
import type { Model } from '../model/model.ts';
import type { TrainingEvent } from '../training/events.ts';
import type { Objective } from '../training/objective.ts';
import type { RunOptions } from '../training/run-options.ts';
import { trainModel } from '../training/train-model.ts';
import { evaluatePretraining } from './evaluate-pretraining.ts';
import { pretrainObjective } from './pretrain-objective.ts';

export interface PretrainOptions extends RunOptions {
  /** Created with `pretrain`. Its heads, if any, stay as they are. */
  readonly model: Model<{ readonly [key: string]: AnyHead }>;
}

/**
 * Masked pre-training of encoder, neck, decoder and queries, in place. Nothing happens until the events are iterated; see `train`
 * for their rules. Evaluation gives `loss`, and beside it what trivial answers score.
 *
 * @throws GLID_USAGE when the model was created without `pretrain`
 */
export function pretrain(options: PretrainOptions): AsyncGenerator<TrainingEvent, void, undefined> {
  const { model } = options;
  const { pretrain: config } = model;
  if (!config) {
    throw new GlidError('GLID_USAGE', 'This model has no pixel head to pre-train with.', {
      fix: 'Create it with `createModel({ …, pretrain: { unit: 16 } })`.',
    });
  }
  const objective = pretrainObjective(model.config, config, options.recompute ? { recompute: true } : {});
  return trainModel(
    model,
    {
      objective: objective as Objective,
      metric: { name: 'loss', better: 'lower' },
      evaluate: (parameters, signal) =>
        evaluatePretraining(parameters, model.config, config, options.evaluation!.data, { signal }),
    },
    options,
  );
}
