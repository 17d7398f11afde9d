import type { LossContext, LossTerms, ParameterSpecs } from '@glid/head-kit';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Batch } from './batch.ts';

/** Parameters by name; the names are the checkpoint's keys. */
export type ParameterRecord = Record<string, Tensor>;

/**
 * What a training loop minimises. The loop owns the order of things (tape, accumulation, update); an objective knows the model:
 * `pretrain` and `finetune` each are one.
 */
export interface Objective<Forwarded extends object = object, Assigned = unknown> {
  readonly specs: ParameterSpecs;
  /** Pure and synchronous, may run on the tape. `random` is the only permitted source of chance. */
  forward(parameters: Readonly<ParameterRecord>, batch: Batch, context: LossContext): Forwarded;
  /** Matching; no gradient. */
  assign(forwarded: Forwarded, batch: Batch, context: LossContext): Promise<Assigned>;
  /** Pure, synchronous, differentiable. */
  loss(forwarded: Forwarded, batch: Batch, assigned: Assigned, context: LossContext): LossTerms;
  /** Outputs whose spread over pictures and queries shows a plateau, by name: each `[B, Q, ...]` or `[B, ...]`. */
  watched?(forwarded: Forwarded): { readonly [name: string]: Tensor };
}

/** Named numbers on held-out pictures. */
export interface Evaluation {
  readonly metrics: { readonly [name: string]: number };
}

/** Measures the parameters, usually on a held-out set; must dispose all it makes. */
export type Evaluator = (parameters: Readonly<ParameterRecord>, signal: AbortSignal) => Promise<Evaluation>;
