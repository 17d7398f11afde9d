import type { Spread } from './spread.ts';

/** Milliseconds of one optimiser step, by what they were spent on. */
export interface StepTimes {
  /** Waiting for batches. */
  readonly data: number;
  /** Forward, matching, backward, and reading the numbers back. */
  readonly gradients: number;
  /** Exchange between ranks. */
  readonly exchange: number;
  readonly update: number;
}

interface Position {
  /** Optimiser steps done. */
  readonly step: number;
  /** 0..1, never falling. */
  readonly progress: number;
}

/** The run begins, or goes on from a checkpoint. */
export interface StartedEvent extends Position {
  readonly type: 'started';
  readonly totalSteps: number;
  readonly resumedFrom: string | null;
  readonly trainable: { readonly parameters: number; readonly numbers: number };
  readonly frozen: { readonly parameters: number; readonly numbers: number };
  readonly ranks: number;
}

/** One optimiser step is done. The loss is the mean over accumulated batches and ranks; terms are this rank's. */
export interface StepEvent extends Position {
  readonly type: 'step';
  /** Fractional: pictures seen / pictures an epoch. */
  readonly epoch: number;
  readonly pictures: number;
  readonly loss: number;
  readonly terms: { readonly [name: string]: number };
  readonly learningRate: number;
  /** Global norm before clipping. */
  readonly gradientNorm: number;
  readonly picturesPerSecond: number;
  readonly milliseconds: StepTimes;
  /** How outputs differ over pictures and queries, by name; on some steps only (`watchEvery`). */
  readonly spread?: { readonly [output: string]: Spread };
}

export interface EvaluationEvent extends Position {
  readonly type: 'evaluation';
  readonly metrics: { readonly [name: string]: number };
  /** The watched metric is the best so far. */
  readonly best: boolean;
  readonly milliseconds: number;
}

export interface CheckpointEvent extends Position {
  readonly type: 'checkpoint';
  readonly name: string;
  readonly kind: 'state' | 'best';
  readonly milliseconds: number;
}

/** Something to look at that does not stop the run. */
export interface WarningEvent extends Position {
  readonly type: 'warning';
  readonly about: 'leak' | 'damaged-checkpoint' | 'plateau';
  readonly message: string;
}

export interface FinishedEvent extends Position {
  readonly type: 'finished';
  readonly reason: 'all-steps' | 'early-stopping';
  readonly best: { readonly step: number; readonly value: number } | null;
}

/** The signal fired. Where there is a store the state was saved, and the run can be resumed. */
export interface AbortedEvent extends Position {
  readonly type: 'aborted';
}

/** Followed by the error itself, thrown by the iterator. */
export interface FailedEvent extends Position {
  readonly type: 'failed';
  readonly error: Error;
}

/** Exactly one of the last three ends every run. */
export type TrainingEvent =
  | StartedEvent
  | StepEvent
  | EvaluationEvent
  | CheckpointEvent
  | WarningEvent
  | FinishedEvent
  | AbortedEvent
  | FailedEvent;

/** One line of JSON; an error becomes its code and message. */
export function eventLine(event: TrainingEvent): string {
  const plain = (_: string, value: unknown): unknown => {
    if (!(value instanceof Error)) return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
    return { message: value.message, ...('code' in value ? { code: value.code } : {}) };
  };
  return JSON.stringify(event, plain);
}
