import type { Random, SceneRecord } from '@glid/base';
import type { Scalar, Tensor, Tensor3D, Tensor4D } from '@tensorflow/tfjs-core';
import type { Shape2D } from './drawing.ts';
import type { ImageMeta } from './image-meta.ts';
import type { MetricAccumulator } from './metrics.ts';
import type { Initializer, ParameterSpecs, Parameters } from './parameters.ts';
import type { Json, StandardSchemaV1 } from './schema.ts';
import type { TargetFields, TargetOf } from './targets.ts';

/** What the core hands to every head. NHWC; C = hidden width, Q = this head's query count, B = batch. */
export interface HeadInputs {
  /** Query features after each decoder layer, each `[B, Q, C]`; the last is the output layer. */
  readonly queries: readonly Tensor3D[];
  /** The 1/4-scale map f^b, `[B, ceil(H / 4), ceil(W / 4), C]`. */
  readonly pixels: Tensor4D;
  /** 1 where `pixels` shows the picture, 0 where it shows padding, `[B, H/4, W/4]`; null when nothing is padded. */
  readonly pixelMask: Tensor3D | null;
  readonly inputSize: readonly [height: number, width: number];
  readonly training: boolean;
}

/** A head's outputs: a flat record of batch-first tensors, so that the core can dispose, time and compare them. */
export type RawOutputs = { readonly [name: string]: Tensor };

/** What a loss may know beside outputs and targets. */
export interface LossContext {
  /** How each picture was fed, in batch order; `flippedHorizontally` where training mirrored it (targets are mirrored already). */
  readonly metas: readonly ImageMeta[];
  /** The run's seeded generator: the only permitted source of chance. */
  readonly random: Random;
  /** Mean of a number over all ranks of a data-parallel run (the number itself on one device). */
  readonly meanOverRanks: (value: number) => Promise<number>;
}

/** `total` is what is minimised: the weighted sum of `terms`, each already multiplied by its weight. */
export interface LossTerms {
  readonly total: Scalar;
  readonly terms: { readonly [name: string]: Scalar };
}

/** What a head is told when it is built. */
export interface HeadContext {
  /** C: width of queries and of the 1/4 map. */
  readonly hiddenSize: number;
  /** Input pixels per cell of the 1/4 map. */
  readonly pixelStride: 4;
}

/** The queries that a head asks of the core. */
export interface QuerySpec {
  readonly count: number;
  /** `cls`: q_i = CLS + e_i (GLID eq. 3). `learned`: q_i = e_i. */
  readonly init: 'cls' | 'learned';
  /** How e_i `[count, C]` starts; zeros, the paper's choice, when absent. */
  readonly embedding?: Initializer;
  /** Multiplies the schedule's learning rate for e_i: queries that start equal part slowly. 1 when absent. */
  readonly lrMultiplier?: number;
  /** Query i answers for label i: the rows of e_i are then matched by label name when a checkpoint is loaded. */
  readonly perLabel?: boolean;
}

/**
 * A task head, version 1: GLID's "topmost linear layer" with its loss, its post-processing and its metrics.
 * Members that start with `do` are called by the core, not by users. A head holds no tensors: parameters are arguments.
 */
export interface HeadV1<
  Config extends object = object,
  Specs extends ParameterSpecs = ParameterSpecs,
  Raw extends RawOutputs = RawOutputs,
  Fields extends TargetFields = TargetFields,
  Assignment = unknown,
  Result = unknown,
  Options extends object = object,
> {
  readonly specificationVersion: 'v1';
  /** npm package name; the key in checkpoints. */
  readonly id: string;
  readonly version: string;
  /** `object-detection`, `depth-estimation`, … or a word of your own. */
  readonly task: string;
  /** Resolved configuration, JSON; `factory(head.config, context)` builds an equal head. */
  readonly config: Readonly<Config>;
  /** Class names in the order of the class axis; empty when the task has none. */
  readonly labels: readonly string[];

  readonly queries: QuerySpec;
  readonly parameters: Specs;
  readonly targetFields: Fields;

  /** Pure and synchronous: may run inside `tidy` and inside a gradient tape, on any backend. */
  doForward(parameters: Parameters<Specs>, inputs: HeadInputs): Raw;
  /** Matching, without gradient; asynchronous because it reads back from the device. Absent = a dense head. */
  doAssign?(raw: Raw, targets: readonly TargetOf<Fields>[], context: LossContext): Promise<Assignment>;
  /** Pure, synchronous, differentiable with respect to everything in `raw`. Absent targets give a finite loss. */
  doLoss(raw: Raw, targets: readonly TargetOf<Fields>[], assignment: Assignment, context: LossContext): LossTerms;
  /**
   * Test-time flip: joins the outputs for pictures with those for their mirror images, which it turns back first (only the part that
   * shows the picture: `metas`, of the pictures as they are). What it returns is as `raw` is. Pure and synchronous. Absent = the head
   * cannot.
   */
  doMergeMirrored?(raw: Raw, mirrored: Raw, metas: readonly ImageMeta[]): Raw;
  /** One typed, structured-cloneable result a picture, in original pixels. Disposes nothing that it was given. */
  doPostprocess(raw: Raw, metas: readonly ImageMeta[], options?: Options): Promise<readonly Result[]>;

  /** Targets in ORIGINAL pixels from a data record. Absent = the caller brings a mapper. */
  targetsFrom?(record: SceneRecord): Promise<TargetOf<Fields>>;
  /** Compares results with un-augmented targets in original pixels, picture by picture. */
  createMetrics(): MetricAccumulator<Result, TargetOf<Fields>>;
  /** Which metric selects the best checkpoint, and which way is better. */
  readonly primaryMetric: { readonly name: string; readonly better: 'higher' | 'lower' };
  draw?(result: Result): readonly Shape2D[];
}

/** Any head, whatever its types. */
// biome-ignore lint/suspicious/noExplicitAny: the one place where a head of unknown types is named
export type AnyHead = HeadV1<any, any, any, any, any, any, any>;

/** Builds heads from configurations. A head package's main export. */
export interface HeadFactory<Config extends object, H extends AnyHead, Input = Partial<Config>> {
  (config: Input, context: HeadContext): H;
  readonly id: string;
  readonly specificationVersion: 'v1';
  readonly configSchema: StandardSchemaV1<unknown, Config>;
  /** Brings a configuration written by an older release of this head up to date. */
  migrateConfig?(config: Json, fromVersion: string): Json;
  /** Renames a checkpoint key written by an older release; null drops it. */
  migrateParameterName?(name: string, fromVersion: string): string | null;
}

/** The result type of a head. */
export type ResultOf<H> = H extends { doPostprocess(...args: never): Promise<readonly (infer R)[]> } ? R : never;
