import type { Dataset } from '@glid/base';
import { type Checkpoint, formatLoadReport, type Model } from '@glid/core';
import { folderStore, type TrainingEvent } from '@glid/core/train';
import { type Augmentation, batchSource, type TargetSources } from '@glid/data';
import type { BackendName } from '../backend/candidates.ts';
import { chooseBackend } from '../backend/choose-backend.ts';
import type { CommandContext, OptionValues } from '../command.ts';
import type { Format } from '../data/formats.ts';
import { firstReadable, readableSource } from '../data/readable-source.ts';
import type { StartingPoint } from './backbone.ts';
import { countedSource } from './counted-source.ts';
import { interrupted, writeModel } from './finish-run.ts';
import { type OptimizerDefaults, optimizerOf } from './optimizer.ts';
import { beginRun, runFolder } from './run-folder.ts';
import { rhythm } from './train-options.ts';
import { type Pictures, watchRun, writePictures, writeReport } from './watch-run.ts';

/** What `pretrain` and `finetune` have in common to say of a run. */
export interface CommonRunOptions {
  readonly model: Model;
  readonly data: ReturnType<typeof batchSource>;
  readonly steps: number;
  readonly seed: number;
  readonly optimizer: ReturnType<typeof optimizerOf>;
  readonly signal: AbortSignal;
  readonly [more: string]: unknown;
}

/** What is particular to a kind of training. */
export interface TrainingTask {
  readonly verb: 'pretrain' | 'finetune';
  readonly title: string;
  readonly size: readonly [height: number, width: number];
  readonly format: Format;
  readonly dataset: Dataset;
  /** Held-out pictures; null trains without evaluation. */
  readonly held: Dataset | null;
  readonly start: StartingPoint;
  readonly defaults: OptimizerDefaults & { readonly steps: number };
  /** Groups of the checkpoint to start from. */
  readonly parts: (checkpoint: Checkpoint) => readonly string[];
  /** Kept in `config.json`. */
  readonly settings: { readonly [name: string]: unknown };
  /** Shown in the report. */
  readonly facts: { readonly [name: string]: string | number | boolean };
  /** Called when a backend runs. */
  readonly createModel: () => Promise<Model>;
  readonly pipeline: (part: 'train' | 'test') => readonly Augmentation[];
  readonly sources: (model: Model) => TargetSources;
  readonly train: (options: CommonRunOptions) => AsyncIterable<TrainingEvent>;
  /** The watched metric. */
  readonly metric: (model: Model) => string | undefined;
  /** What the report shows of a few pictures. */
  readonly pictures: (model: Model, dataset: Dataset) => Promise<Pictures>;
}

/** Pictures in a report, a head. */
const shownPictures = 6;

/** A whole run in its folder: config, log, checkpoints, report, model. @throws GLID_ABORTED after Ctrl-C, resumable */
export async function runTraining(task: TrainingTask, { options, output, signal }: CommandContext): Promise<unknown> {
  const { dataset, held, size, start, verb } = task;
  const folder = runFolder(options.out as string);
  const times = rhythm(options, dataset.length, task.defaults.steps);
  const data = { name: dataset.name, format: task.format, pictures: dataset.length, held: held?.length ?? 0 };
  const { backbone } = start;
  await beginRun(folder, options.resume === true, { verb, options, data, backbone, ...times, ...task.settings });
  if (options.evaluate && !held) output.warn('no data to evaluate on was found: training only (see --eval-split).');
  const { backend } = await chooseBackend(options.backend as BackendName, output);
  const model = await task.createModel();
  const sources = task.sources(model);
  const { batchSize, seed } = options as { readonly batchSize: number; readonly seed: number };
  const { source, skipped } = countedSource(
    batchSource({
      dataset,
      sources,
      pipeline: task.pipeline('train'),
      batchSize,
      seed,
      onUnreadable: options.strict ? 'stop' : 'skip',
      ...(options.maxSkipped === undefined ? {} : { maxSkipped: options.maxSkipped as number }),
    }),
    output,
  );
  const evaluation = held && {
    data: readableSource({
      dataset: held,
      sources,
      pipeline: task.pipeline('test'),
      batchSize,
      onSkipped: options.strict ? undefined : (error) => output.warn(`not evaluated: ${error.message}`),
    }),
    everySteps: times.evaluateEvery,
    ...(options.patience === undefined ? {} : { stopping: { patience: options.patience as number } }),
  };
  const store = await folderStore(folder.checkpoints);
  const provenance = { verb, data: dataset.name, size, seed };
  const events = task.train({
    model,
    data: source as ReturnType<typeof batchSource>,
    steps: times.steps,
    seed,
    optimizer: optimizerOf(options, times.steps, task.defaults),
    ...(evaluation ? { evaluation } : {}),
    checkpoints: { store, everySteps: times.checkpointEvery, provenance },
    ...(start.checkpoint
      ? {
          from: start.checkpoint,
          parts: task.parts(start.checkpoint),
          onLoad: (report: Parameters<typeof formatLoadReport>[0]) => output.line(formatLoadReport(report)),
        }
      : {}),
    ...passedOn(options),
    signal,
  });
  const facts = { data: dataset.name, pictures: dataset.length, size: size.join(' x '), ...task.facts };
  const watched = { title: task.title, run: folder, facts: { ...facts, backend: backend.description }, output };
  const outcome = await watchRun(events, watched);
  if (!outcome.finished) throw interrupted(verb, folder, outcome.step);
  const written = await writeModel(model, folder, store, outcome, task.metric(model), provenance);
  const pictures = await task.pictures(model, await firstReadable(held ?? dataset, shownPictures));
  await writeReport(watched, pictures);
  await writePictures(folder, pictures);
  output.line(`model: ${written.file} (step ${written.step})\nreport: ${folder.report}`);
  if (skipped.length > 0) output.warn(`${skipped.length} unreadable pictures were skipped.`);
  const { step: steps, best, evaluations } = outcome;
  model.dispose();
  return { run: folder.folder, ...written, steps, best, evaluations, skipped: skipped.length };
}

/** Options that go to the training loop as they are. */
function passedOn(options: OptionValues): object {
  const { accumulate, overfit, average, recompute } = options;
  return {
    accumulate,
    ...(overfit === undefined ? {} : { overfit }),
    ...(average === undefined ? {} : { average: { decay: average } }),
    ...(recompute ? { recompute: true } : {}),
  };
}
