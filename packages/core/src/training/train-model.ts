import type { AnyHead } from '@glid/head-kit';
import type { Model } from '../model/model.ts';
import { encodeMetadata } from '../weights/checkpoint/metadata.ts';
import type { WatchedMetric } from './early-stopping.ts';
import type { TrainingEvent } from './events.ts';
import type { Evaluator, Objective } from './objective.ts';
import { optimizerFor, type RunOptions, sourceOf, stepsOf } from './run-options.ts';
import { train } from './train.ts';
import type { CheckpointOptions } from './train-plan.ts';

/** What `pretrain` and `finetune` each bring. */
export interface ModelTask {
  readonly objective: Objective;
  readonly evaluate: Evaluator;
  /** Watched unless the run names another. */
  readonly metric: WatchedMetric | undefined;
  readonly ties?: ReadonlyMap<string, string>;
}

/** Loads what the run starts from and trains the model's own parameters, in place. */
export async function* trainModel(
  model: Model<{ readonly [key: string]: AnyHead }>,
  task: ModelTask,
  options: RunOptions,
): AsyncGenerator<TrainingEvent, void, undefined> {
  const { evaluation, checkpoints } = options;
  const source = sourceOf(options);
  const metric = evaluation?.metric ?? task.metric;
  const plan = {
    objective: task.objective,
    parameters: model.parameters,
    source,
    steps: stepsOf(options, source),
    optimizer: optimizerFor(options.optimizer, model.config.encoder),
    seed: options.seed ?? 0,
    ...pick(options, 'accumulate', 'average', 'graphs', 'watchEvery', 'collectives', 'signal', 'leaks'),
    ...(task.ties?.size ? { ties: task.ties } : {}),
    ...(evaluation
      ? {
          evaluation: {
            everySteps: evaluation.everySteps,
            run: task.evaluate,
            ...(metric ? { metric } : {}),
            ...pick(evaluation, 'stopping'),
          },
        }
      : {}),
    ...(checkpoints ? { checkpoints: described(model, checkpoints) } : {}),
  };
  if (options.from) {
    const report = await model.load(options.from, options.parts ? { groups: options.parts } : {});
    options.onLoad?.(report);
  }
  yield* train(plan);
}

function described(
  model: Model<{ readonly [key: string]: AnyHead }>,
  { provenance, ...checkpoints }: NonNullable<RunOptions['checkpoints']>,
): CheckpointOptions {
  return { ...checkpoints, metadata: encodeMetadata(model.describe(provenance), 'model.safetensors') };
}

/** The named members that are there. */
function pick<T extends object, K extends keyof T>(
  from: T,
  ...names: readonly K[]
): { [P in K]: Exclude<T[P], undefined> } {
  const present = names.filter((name) => from[name] !== undefined).map((name) => [name, from[name]]);
  return Object.fromEntries(present) as { [P in K]: Exclude<T[P], undefined> };
}
