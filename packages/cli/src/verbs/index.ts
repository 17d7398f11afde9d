import type { Command } from '../command.ts';

/** A verb that is not loaded until it is called, so that `glid --help` starts at once. */
export interface LazyCommand {
  readonly name: string;
  readonly summary: string;
  load(): Promise<Command>;
}

export const verbs: readonly LazyCommand[] = [
  {
    name: 'info',
    summary: 'packages, heads and backends found; which backend would run, and why not the others',
    load: async () => (await import('./info.ts')).info,
  },
  {
    name: 'check-data',
    summary: 'looks through a data set for what spoils training',
    load: async () => (await import('./check-data.ts')).checkData,
  },
  {
    name: 'pretrain',
    summary: 'masked pre-training on pictures without labels',
    load: async () => (await import('./pretrain.ts')).pretrain,
  },
  {
    name: 'finetune',
    summary: 'trains heads on annotated pictures',
    load: async () => (await import('./finetune.ts')).finetune,
  },
  {
    name: 'predict',
    summary: 'annotated pictures and JSON for pictures and folders',
    load: async () => (await import('./predict.ts')).predict,
  },
  {
    name: 'evaluate',
    summary: 'metrics of a model on annotated pictures',
    load: async () => (await import('./evaluate.ts')).evaluate,
  },
  {
    name: 'score',
    summary: 'metrics of result files that any system made',
    load: async () => (await import('./score.ts')).score,
  },
  {
    name: 'inspect',
    summary: 'what a checkpoint holds',
    load: async () => (await import('./inspect.ts')).inspect,
  },
  {
    name: 'benchmark',
    summary: 'how fast this machine predicts and trains',
    load: async () => (await import('./benchmark.ts')).benchmark,
  },
];
