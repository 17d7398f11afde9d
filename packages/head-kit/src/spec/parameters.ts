import type { Tensor } from '@tensorflow/tfjs-core';

/** How a parameter starts. `values` takes them as they are (row-major). */
export type Initializer =
  | { readonly kind: 'zeros' }
  | { readonly kind: 'constant'; readonly value: number }
  /** Normal, cut at two standard deviations. */
  | { readonly kind: 'truncatedNormal'; readonly std: number }
  /** Uniform in +-sqrt(6 / (fanIn + fanOut)); the last axis is the output, all others the input (Glorot & Bengio 2010). */
  | { readonly kind: 'xavierUniform' }
  /** Normal with std sqrt(2 / fanOut) for convolution kernels `[kh, kw, in, out]` (He et al. 2015). */
  | { readonly kind: 'heNormal' }
  /** The bias whose sigmoid is `value` (Lin et al. 2017, focal loss). */
  | { readonly kind: 'priorProbability'; readonly value: number }
  | { readonly kind: 'values'; readonly values: readonly number[] };

/** Declares one parameter. From the table of these come initialisation, freezing, decay, EMA and checkpoints. */
export interface ParameterSpec {
  readonly shape: readonly number[];
  readonly init: Initializer;
  /** `false` keeps it out of weight decay (biases, norms, embeddings). */
  readonly decay?: boolean;
  /** Multiplies the schedule's learning rate. */
  readonly lrMultiplier?: number;
  /** The axis whose length is tied to the label list: its rows are matched by label NAME when a checkpoint is loaded. */
  readonly labelAxis?: number;
}

/** Parameters by dotted name; the name is the checkpoint key. */
export type ParameterSpecs = { readonly [name: string]: ParameterSpec };

/** The tensors that belong to a table of specs. */
export type Parameters<S extends ParameterSpecs = ParameterSpecs> = { readonly [K in keyof S]: Tensor };
