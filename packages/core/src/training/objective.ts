import type { LossContext, LossTerms, ParameterSpecs } from '@glid/head-kit';
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import type { Batch } from './batch.ts';

/** Parameters by name; the names are the checkpoint's keys. */
export type ParameterRecord = Record<string, Tensor>;

/**
 * What a training loop minimises. The loop owns the order of things (tape, accumulation, update); an objective knows the model:
 * `pretrain` and `finetune` each are one. Per batch: `draw`, `forward`, `assign`, `loss`.
 */
export interface Objective<Drawn = unknown, Forwarded extends object = object, Assigned = unknown> {
  /** The parameters that may be trained. */
  readonly specs: ParameterSpecs;
  /** All chance of the forward pass (masks, random depth), on the host and once a batch: the pass itself may run twice. */
  draw(batch: Batch, context: LossContext): Drawn;
  /** Pure and synchronous, may run on the tape. */
  forward(parameters: Readonly<ParameterRecord>, batch: Batch, drawn: Drawn): Forwarded;
  /** Matching; no gradient. */
  assign(forwarded: Forwarded, batch: Batch, context: LossContext): Promise<Assigned>;
  /** Pure, synchronous, differentiable. */
  loss(forwarded: Forwarded, batch: Batch, assigned: Assigned, context: LossContext): LossTerms;
  /** For recorded passes: `forward` as a function of the pixels and the parameters alone. */
  readonly recordable?: {
    /** What tells apart kinds of batches whose passes differ in more than pixels; `undefined` where chance is drawn. */
    kindOf(batch: Batch, drawn: Drawn): string | undefined;
    forward(parameters: Readonly<ParameterRecord>, images: Tensor4D, batch: Batch, drawn: Drawn): Forwarded;
  };
  /** Outputs whose spread over pictures and queries shows a plateau, by name: each `[B, Q, ...]` or `[B, ...]`. */
  watched?(forwarded: Forwarded): { readonly [name: string]: Tensor };
}

/** Named numbers on held-out pictures. */
export interface Evaluation {
  readonly metrics: { readonly [name: string]: number };
}

/** Measures the parameters, usually on a held-out set; must dispose all it makes. */
export type Evaluator = (parameters: Readonly<ParameterRecord>, signal: AbortSignal) => Promise<Evaluation>;
