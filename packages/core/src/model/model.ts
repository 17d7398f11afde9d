import { GlidError } from '@glid/base';
import type { AnyHead, ImageMeta, Json, ParameterSpecs, RawOutputs, ResultOf } from '@glid/head-kit';
import type { GlidBackend } from '@glid/ops';
import { dispose, keep, type Tensor, type Tensor3D, type Tensor4D, tensor, tidy } from '@tensorflow/tfjs-core';
import { type ImageInput, toImageTensor } from '../image/index.ts';
import type { PretrainConfig } from '../pretrain/pretrain-config.ts';
import { loadWeights } from '../weights/checkpoint/load-weights.ts';
import type { CheckpointMetadata } from '../weights/checkpoint/metadata.ts';
import { type LoadParametersOptions, loadParameters, type ParameterFile } from '../weights/partial/load-parameters.ts';
import type { LoadReport } from '../weights/partial/load-report.ts';
import { throwIfAborted } from '../weights/platform/abort.ts';
import type { WeightSource } from '../weights/source/weight-source.ts';
import { type AttentionMap, attentionMaps } from './attention-maps.ts';
import {
  CompiledForward,
  type CompiledModel,
  type CompiledPredictOptions,
  type CompileOptions,
  checkCompileShape,
  compiledModel,
} from './compiled-model.ts';
import { type Features, forwardFeatures, forwardHeads } from './forward.ts';
import { checkMergesMirrored, mergeMirrored } from './merge-mirrored.ts';
import type { ModelConfig } from './model-config.ts';
import {
  batchViews,
  enclosingSize,
  mirrorViews,
  type Preprocessed,
  type View,
  viewPictures,
  viewRegions,
} from './preprocess.ts';
import { type ResizePolicy, resizedSize } from './resize-policy.ts';
import type { ImageRegion, RegionSampling } from './sample-region.ts';

/** The options that a head's post-processing takes. */
export type OptionsOf<H> = H extends { doPostprocess(raw: never, metas: never, options?: infer O): unknown }
  ? NonNullable<O>
  : never;

/** One picture's results by head key. */
export type Prediction<H, K extends keyof H = keyof H> = { readonly [P in K]: ResultOf<H[P]> };

export interface PredictOptions<H, K extends keyof H = keyof H> {
  /** Which heads to ask; all when absent. */
  readonly heads?: readonly K[];
  readonly signal?: AbortSignal;
  /** How large pictures are made; the model's policy when absent. */
  readonly resize?: ResizePolicy;
  /** `packed` (default) decodes all heads' queries as one sequence, `sequential` one head after the other. Same numbers. */
  readonly decoding?: 'packed' | 'sequential';
  /**
   * Looks at the mirror image too, and lets each head join the two answers (GLID's comparison with AdaBins and ViTPose): twice the cost.
   * Only heads with `doMergeMirrored` can.
   */
  readonly flipTest?: boolean;
  /** Options of the heads' post-processing, by head key. */
  readonly options?: { readonly [P in K]?: OptionsOf<H[P]> };
}

export interface RegionPredictOptions<H, K extends keyof H = keyof H> extends PredictOptions<H, K> {
  /** Parts of the one picture, in original pixels; each is resized by the policy, and all are one batch. */
  readonly regions: readonly ImageRegion[];
  /** How regions become inputs; `area` when absent. Top-down pose wants `udp`. */
  readonly sampling?: RegionSampling;
}

/** What a model is made of; `createModel` fills it in. */
export interface ModelParts<H extends { readonly [key: string]: AnyHead }> {
  readonly config: ModelConfig;
  readonly heads: H;
  readonly specs: ParameterSpecs;
  readonly parameters: Record<string, Tensor>;
  readonly pretrain: PretrainConfig | null;
  readonly resize: ResizePolicy;
  readonly migrations: { readonly [key: string]: ((name: string, fromVersion: string) => string | null) | undefined };
}

/** A GLID model: one encoder, neck and decoder, and any number of heads. It owns its parameters: `dispose` frees them. */
export class Model<H extends { readonly [key: string]: AnyHead } = { readonly [key: string]: AnyHead }> {
  /** Encoder, neck and decoder as plain data. */
  readonly config: ModelConfig;
  /** The heads as built, by key. */
  readonly heads: H;
  /** Every parameter's shape, initialiser and training rules. */
  readonly specs: ParameterSpecs;
  /** The parameters by name. Whoever replaces an entry disposes the old tensor; `assign` does both. */
  readonly parameters: Record<string, Tensor>;
  /** How it is pre-trained; null when it was created without `pretrain`. */
  readonly pretrain: PretrainConfig | null;
  /** How large pictures are made unless a call says otherwise. */
  readonly resize: ResizePolicy;
  readonly #migrations: ModelParts<H>['migrations'];
  #disposed = false;

  constructor(parts: ModelParts<H>) {
    this.config = parts.config;
    this.heads = parts.heads;
    this.specs = parts.specs;
    this.parameters = parts.parameters;
    this.pretrain = parts.pretrain;
    this.resize = parts.resize;
    this.#migrations = parts.migrations;
  }

  /**
   * Looks at one picture, or several in one batch. Encoder and neck run once, whatever the number of heads.
   *
   * @returns one result a head, by its key; for a list of pictures, or for `regions` of one, a list of those
   * @throws GLID_IMAGE for pictures that are empty, not finite or absurdly large; GLID_ABORTED; GLID_USAGE when disposed, for regions
   * outside the picture, and for a `flipTest` that a head cannot do
   */
  predict<K extends keyof H & string = keyof H & string>(
    image: ImageInput,
    options: RegionPredictOptions<H, K>,
  ): Promise<Prediction<H, K>[]>;
  predict<K extends keyof H & string = keyof H & string>(
    image: ImageInput,
    options?: PredictOptions<H, K>,
  ): Promise<Prediction<H, K>>;
  predict<K extends keyof H & string = keyof H & string>(
    images: readonly ImageInput[],
    options?: PredictOptions<H, K>,
  ): Promise<Prediction<H, K>[]>;
  async predict<K extends keyof H & string = keyof H & string>(
    images: ImageInput | readonly ImageInput[],
    options: PredictOptions<H, K> & Partial<RegionPredictOptions<H, K>> = {},
  ): Promise<Prediction<H, K> | Prediction<H, K>[]> {
    const many = Array.isArray(images);
    const list = (many ? images : [images]) as readonly ImageInput[];
    const { regions, sampling = 'area', flipTest = false } = options;
    this.#alive();
    if (many && regions) {
      throw new GlidError('GLID_USAGE', 'Regions are parts of one picture, but a list of pictures was given.', {
        fix: 'Predict picture by picture, each with its regions.',
      });
    }
    const keys = this.#keys(options.heads);
    if (keys.length === 0) {
      throw new GlidError('GLID_USAGE', 'There is no head to ask.', {
        fix: 'Create the model with heads, or name some.',
      });
    }
    if (list.length === 0 || regions?.length === 0) return [];
    const asked = Object.fromEntries(keys.map((key) => [key, this.heads[key]!]));
    if (flipTest) checkMergesMirrored(asked);
    const { resize = this.resize } = options;
    const { raw, metas } = await this.#run(list, options.signal, (pictures) => {
      const views = regions ? viewRegions(pictures[0]!, regions, sampling, resize) : wholeViews(pictures, resize);
      const { images: batch, metas } = this.#batch(views);
      const forward = (x: Tensor4D): { readonly [key: string]: RawOutputs } =>
        tidy(
          () => forwardHeads(this.parameters, this.config, asked, this.#features(x, metas), options.decoding) as never,
        );
      const straight = forward(batch);
      if (!flipTest) return { raw: straight, metas };
      const mirrored = forward(this.#batch(mirrorViews(views)).images);
      return { raw: mergeMirrored(asked, straight, mirrored, metas), metas };
    });
    const each = await this.#results(keys, raw, metas, options);
    return many || regions ? each : each[0]!;
  }

  /**
   * Makes the model ready for batches of one shape. On CUDA the whole forward pass (encoder, neck, all heads) is recorded and launched
   * as one graph, with the same numbers bit for bit; other backends compute as `predict` does, and `recorded` says so.
   * The graph's memory is its own until the compiled model is disposed.
   *
   * @example
   * const fast = await model.compile({ shape: [1, 512, 512] });
   * const { cells } = await fast.predict('blood.jpg');
   *
   * @throws GLID_CONFIG for impossible shapes; GLID_USAGE naming the operation when a head does what cannot be recorded
   */
  async compile<K extends keyof H & string = keyof H & string>(
    options: CompileOptions<K>,
  ): Promise<CompiledModel<H, K>> {
    this.#alive();
    checkCompileShape(options.shape);
    const keys = this.#keys(options.heads) as K[];
    const asked = Object.fromEntries(keys.map((key) => [key, this.heads[key]!]));
    const forward = new CompiledForward(
      (images, sizes) => {
        const features = forwardFeatures(this.parameters, this.config, images, { sizes });
        return forwardHeads(this.parameters, this.config, asked, features);
      },
      () => Object.values(this.parameters),
    );
    return compiledModel<H, K>(options.shape, forward, async (images, compute, own) => {
      this.#alive();
      const { raw, metas } = await this.#run(images, own.signal, compute);
      return this.#results(keys, raw, metas, own);
    });
  }

  /** What one head's queries look at in each decoder layer: for figures (GLID, figure of cross-attention maps). */
  async attention(image: ImageInput, head: keyof H & string, options: PredictOptions<H> = {}): Promise<AttentionMap[]> {
    this.#alive();
    const [key] = this.#keys([head]);
    const { maps } = await this.#run([image], options.signal, (pictures) => {
      const { images, metas } = this.#batch(wholeViews(pictures, options.resize ?? this.resize));
      const features = this.#features(images, metas);
      return { maps: attentionMaps(this.parameters, this.config, key!, this.heads[key!]!, features) };
    });
    try {
      return await Promise.all(
        maps.map(async ({ weights, grid }) => {
          const [, heads, queries] = weights.shape;
          return { data: await weights.data<'float32'>(), shape: [heads, queries, ...grid] as const };
        }),
      );
    } finally {
      dispose(maps.map(({ weights }) => weights));
    }
  }

  /**
   * Takes from a checkpoint what fits. Class rows are matched by label name.
   *
   * @returns what was loaded, what keeps its present value, and what was left over
   * @throws GLID_CHECKPOINT…; nothing is changed then
   */
  async load(weights: WeightSource | ParameterFile, options: LoadParametersOptions = {}): Promise<LoadReport> {
    this.#alive();
    const file = 'entry' in weights ? await loadWeights(weights) : weights;
    const heads = Object.fromEntries(
      Object.entries(this.heads).map(([key, head]) => {
        const migrateParameterName = this.#migrations[key];
        return [key, { ...head, ...(migrateParameterName && { migrateParameterName }) }];
      }),
    );
    const { values, report } = await loadParameters(
      { specs: this.specs, current: this.parameters, heads },
      file,
      options,
    );
    this.#alive();
    const fresh: Record<string, Tensor> = {};
    for (const [name, { data, shape }] of values) fresh[name] = tensor(data, [...shape], 'float32');
    this.assign(fresh);
    return report;
  }

  /** Replaces parameters and frees the old ones; the model owns the new ones from here. @throws GLID_SHAPE, with nothing changed */
  assign(parameters: Readonly<Record<string, Tensor>>): void {
    this.#alive();
    for (const [name, fresh] of Object.entries(parameters)) {
      const spec = this.specs[name];
      if (!spec || spec.shape.join() !== fresh.shape.join()) {
        throw new GlidError(
          'GLID_SHAPE',
          spec
            ? `'${name}' is [${fresh.shape.join(', ')}]; the model needs [${spec.shape.join(', ')}].`
            : `The model has no parameter '${name}'.`,
          { fix: 'Give parameters by the names and shapes of `model.specs`.', details: { name } },
        );
      }
    }
    for (const [name, fresh] of Object.entries(parameters)) {
      const old = this.parameters[name];
      this.parameters[name] = keep(fresh);
      if (old !== fresh) old?.dispose();
    }
  }

  /**
   * Keeps the kernels of linear layers as 16-bit floats on a device that can, for predictions: half the memory, each number rounded to
   * nearest (a 2048th of it at most, or 3e-8). Loading or assigning parameters afterwards makes those float32 again.
   *
   * @returns whether the backend can
   */
  async storeHalf(backend: GlidBackend): Promise<boolean> {
    this.#alive();
    const matrices = Object.entries(this.parameters).filter(([name, t]) => t.rank === 2 && name.endsWith('.kernel'));
    await backend.storeHalf?.(matrices.map(([, t]) => t));
    return backend.storeHalf !== undefined;
  }

  /**
   * What a checkpoint says of this model; pass it to `saveWeights(model.parameters, { metadata })`. How large pictures are made goes into
   * the provenance as `resize`.
   */
  describe(provenance: { readonly [fact: string]: Json } = {}): CheckpointMetadata {
    const heads = Object.entries(this.heads).map(([key, { id, version, config, labels }]) => ({
      key,
      id,
      version,
      config,
      labels,
    }));
    return {
      backbone: this.config as unknown as CheckpointMetadata['backbone'],
      heads,
      provenance: { resize: this.resize as Json, ...provenance },
    };
  }

  /** Frees the parameters. Twice does no harm. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    dispose(Object.values(this.parameters));
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Reads pictures, computes in one `tidy`, and frees the pictures whatever happens. */
  async #run<T extends object>(
    images: readonly ImageInput[],
    signal: AbortSignal | undefined,
    compute: (pictures: readonly Tensor3D[]) => T,
  ): Promise<T> {
    const pictures: Awaited<ReturnType<typeof toImageTensor>>[] = [];
    try {
      for (const image of images) pictures.push(await toImageTensor(image, signal ? { signal } : {}));
      throwIfAborted(signal, 'The prediction');
      this.#alive();
      return tidy(() => compute(pictures) as never) as T;
    } finally {
      dispose(pictures);
    }
  }

  /** Each picture's results; frees the raw outputs. */
  async #results<K extends keyof H & string>(
    keys: readonly (keyof H & string)[],
    raw: { readonly [key: string]: RawOutputs },
    metas: readonly ImageMeta[],
    { signal, options }: CompiledPredictOptions<H, K>,
  ): Promise<Prediction<H, K>[]> {
    try {
      const results: Record<string, readonly unknown[]> = {};
      for (const key of keys) {
        throwIfAborted(signal, 'The prediction');
        results[key] = await this.heads[key]!.doPostprocess(raw[key]!, metas, options?.[key as K]);
      }
      return metas.map((_, i) => Object.fromEntries(keys.map((key) => [key, results[key]![i]])) as Prediction<H, K>);
    } finally {
      dispose(raw as never);
    }
  }

  #batch(views: readonly View[]): Preprocessed {
    return batchViews(views, enclosingSize(views, this.config.encoder.semantics === 'detection' ? 32 : 1));
  }

  #features(images: Tensor4D, metas: readonly ImageMeta[]): Features {
    return forwardFeatures(this.parameters, this.config, images, { sizes: metas.map((meta) => meta.resizedSize) });
  }

  #keys(asked: readonly (keyof H & string)[] | undefined): (keyof H & string)[] {
    const keys = Object.keys(this.heads) as (keyof H & string)[];
    for (const key of asked ?? []) {
      if (Object.hasOwn(this.heads, key)) continue;
      throw new GlidError('GLID_USAGE', `The model has no head '${key}'.`, {
        fix: keys.length > 0 ? `Ask for ${keys.join(', ')}.` : 'Create the model with heads.',
        details: { key, keys },
      });
    }
    return asked ? [...new Set(asked)] : keys;
  }

  #alive(): void {
    if (!this.#disposed) return;
    throw new GlidError('GLID_USAGE', 'The model was disposed.', { fix: 'Create it again, or dispose it later.' });
  }
}

const wholeViews = (pictures: readonly Tensor3D[], policy: ResizePolicy): View[] =>
  viewPictures(pictures, (size) => resizedSize(size, policy));
