import '@glid/ops/gradients';

export type { ResultListener } from './finetune/evaluate-heads.ts';
export { evaluateHeads } from './finetune/evaluate-heads.ts';
export type { FinetuneOptions } from './finetune/finetune.ts';
export { finetune } from './finetune/finetune.ts';
export type { FinetuneObjectiveOptions } from './finetune/finetune-objective.ts';
export { finetuneObjective } from './finetune/finetune-objective.ts';
export { evaluatePretraining } from './pretraining/evaluate-pretraining.ts';
export type { PretrainOptions } from './pretraining/pretrain.ts';
export { pretrain } from './pretraining/pretrain.ts';
export { pretrainObjective } from './pretraining/pretrain-objective.ts';
export type { AdamWSettings, AdamWState, AdamWUpdate, Optimizer } from './training/adamw.ts';
export { adamw } from './training/adamw.ts';
export type { Batch, BatchSource, EvaluationSource, HostTargets } from './training/batch.ts';
export type { CheckpointFiles, CheckpointStore } from './training/checkpoint/checkpoint-store.ts';
export { checkpointWeights, latestState } from './training/checkpoint/checkpoints.ts';
export { folderStore } from './training/checkpoint/folder-store.ts';
export { memoryStore } from './training/checkpoint/memory-store.ts';
export type { TrainingState } from './training/checkpoint/training-state.ts';
export type { Collectives } from './training/collectives.ts';
export { alone } from './training/collectives.ts';
export type { EarlyStopping, WatchedMetric } from './training/early-stopping.ts';
export type { AveragingOptions } from './training/ema.ts';
export type {
  AbortedEvent,
  CheckpointEvent,
  EvaluationEvent,
  FailedEvent,
  FinishedEvent,
  StartedEvent,
  StepEvent,
  StepTimes,
  TrainingEvent,
  WarningEvent,
} from './training/events.ts';
export { eventLine } from './training/events.ts';
export type { EventSink } from './training/jsonl-log.ts';
export { jsonlLog, lastCourse, parseLog, tee } from './training/jsonl-log.ts';
export type { NamePattern } from './training/name-pattern.ts';
export type { Evaluation, Evaluator, Objective, ParameterRecord } from './training/objective.ts';
export { overfit } from './training/overfit.ts';
export type { LayerDecay, ParameterRule, ParameterRuleOptions } from './training/parameter-rules.ts';
export { parameterRules } from './training/parameter-rules.ts';
export { recompute } from './training/recompute.ts';
export type { ReportOptions, ReportPicture } from './training/report/training-report.ts';
export { trainingReport } from './training/report/training-report.ts';
export type { RunOptimizer, RunOptions } from './training/run-options.ts';
export type { Schedule, WarmUp } from './training/schedule.ts';
export { learningRateFactor } from './training/schedule.ts';
export type { Spread } from './training/spread.ts';
export { outputSpread } from './training/spread.ts';
export { train } from './training/train.ts';
export type { CheckpointOptions, EvaluationOptions, OptimizerOptions, TrainPlan } from './training/train-plan.ts';
