import { GlidError } from '@glid/base';
import type { ImageMeta, RawOutputs } from '@glid/head-kit';
import { type CapturedGraph, captureGraph, graphBackend } from '@glid/ops';
import { type Tensor, type Tensor3D, type Tensor4D, tidy, zeros } from '@tensorflow/tfjs-core';
import type { Size } from '../encoder/window-geometry.ts';
import type { ImageInput } from '../image/index.ts';
import type { Prediction, PredictOptions } from './model.ts';
import { batchViews, viewPictures } from './preprocess.ts';
import { fittingSize } from './resize-policy.ts';

/** Raw outputs by head key. */
export type RawByHead = { readonly [key: string]: RawOutputs };

export interface CompileOptions<K extends string> {
  /** Pictures a batch, and the network's input in pixels. Pictures are made as large as fits inside. */
  readonly shape: readonly [batch: number, height: number, width: number];
  /** Which heads to ask; all when absent. */
  readonly heads?: readonly K[];
}

/** A model made ready for one shape of input; see `Model.compile`. It uses the model's parameters: dispose it before the model. */
export interface CompiledModel<H, K extends keyof H & string = keyof H & string> {
  readonly shape: readonly [batch: number, height: number, width: number];
  /** Whether predictions are launched as recorded graphs, or operation by operation since the backend records none. */
  readonly recorded: boolean;
  /** Operations of the device in each graph recorded so far. */
  readonly nodes: readonly number[];
  /** As `Model.predict`, for pictures that are resized to fit inside the shape. @throws GLID_SHAPE for another number of pictures */
  predict(image: ImageInput, options?: CompiledPredictOptions<H, K>): Promise<Prediction<H, K>>;
  predict(images: readonly ImageInput[], options?: CompiledPredictOptions<H, K>): Promise<Prediction<H, K>[]>;
  /** Frees the graphs and their memory. Twice does no harm. */
  dispose(): void;
}

export type CompiledPredictOptions<H, K extends keyof H> = Pick<PredictOptions<H, K>, 'signal' | 'options'>;

/** Graphs that one compiled model keeps: one for each way in which pictures fill the input, the least recently used goes. */
const mostGraphs = 4;

/** Raw outputs of all heads for `images [B, H, W, 3]` that show pictures of `sizes`, in the scope of the caller. */
export type Forward = (images: Tensor4D, sizes: readonly Size[]) => RawByHead;

/**
 * The forward pass as recorded graphs, where the backend records (CUDA); elsewhere the same pass, computed anew. A graph belongs to the
 * sizes of its pictures, since masks are part of it, and to the parameters it has seen: after an update it is recorded again.
 */
export class CompiledForward {
  readonly #forward: Forward;
  readonly #parameters: () => readonly Tensor[];
  readonly #graphs = new Map<
    string,
    { graph: CapturedGraph; names: readonly (readonly [key: string, name: string])[] }
  >();
  #seen: readonly Tensor[] = [];

  constructor(forward: Forward, parameters: () => readonly Tensor[]) {
    this.#forward = forward;
    this.#parameters = parameters;
  }

  /** Operations in the graphs recorded so far. */
  get nodes(): readonly number[] {
    return [...this.#graphs.values()].map(({ graph }) => graph.nodes);
  }

  run(images: Tensor4D, metas: readonly Pick<ImageMeta, 'resizedSize'>[]): RawByHead {
    const sizes = metas.map((meta) => meta.resizedSize);
    if (!graphBackend()) return this.#forward(images, sizes);
    const parameters = this.#parameters();
    if (parameters.length !== this.#seen.length || parameters.some((t, i) => t !== this.#seen[i])) this.dispose();
    this.#seen = parameters;
    const key = sizes.map((size) => size.join('x')).join();
    let known = this.#graphs.get(key);
    if (known) {
      this.#graphs.delete(key);
    } else {
      const names: (readonly [string, string])[] = [];
      const graph = captureGraph([images], ([x]) => {
        names.length = 0;
        const raw = Object.entries(this.#forward(x as Tensor4D, sizes));
        return raw.flatMap(([head, outputs]) =>
          Object.entries(outputs).map(([name, output]) => {
            names.push([head, name]);
            return output;
          }),
        );
      })!;
      known = { graph, names };
    }
    this.#graphs.set(key, known);
    for (const [oldest, { graph }] of this.#graphs) {
      if (this.#graphs.size <= mostGraphs) break;
      graph.dispose();
      this.#graphs.delete(oldest);
    }
    const outputs = known.graph.replay([images]);
    const raw: Record<string, Record<string, Tensor>> = {};
    for (const [i, [head, name]] of known.names.entries()) raw[head] = { ...raw[head], [name]: outputs[i]! };
    return raw;
  }

  /** Records the graph for pictures that fill the input, so that the first prediction need not. */
  prepare([batch, height, width]: readonly [number, number, number]): void {
    const images = zeros([batch, height, width, 3]) as Tensor4D;
    const metas = Array.from({ length: batch }, () => ({ resizedSize: [height, width] as const }));
    for (const outputs of Object.values(this.run(images, metas))) for (const t of Object.values(outputs)) t.dispose();
    images.dispose();
  }

  dispose(): void {
    for (const { graph } of this.#graphs.values()) graph.dispose();
    this.#graphs.clear();
  }
}

/** @throws GLID_CONFIG */
export function checkCompileShape(shape: readonly number[]): void {
  if (shape.length === 3 && shape.every((n) => Number.isInteger(n) && n >= 1)) return;
  throw new GlidError('GLID_CONFIG', `A model cannot be compiled for the shape [${shape.join(', ')}].`, {
    fix: 'Give [pictures a batch, height, width] as positive whole numbers, for example [1, 512, 512].',
  });
}

/** How a model answers: reads pictures, computes raw outputs of them in one scope, and turns these into each picture's results. */
type Answer<H, K extends keyof H & string> = (
  images: readonly ImageInput[],
  compute: (pictures: readonly Tensor3D[]) => { readonly raw: RawByHead; readonly metas: readonly ImageMeta[] },
  options: CompiledPredictOptions<H, K>,
) => Promise<Prediction<H, K>[]>;

/** Records the graph for pictures that fill the input, where the backend records. */
export function compiledModel<H, K extends keyof H & string>(
  shape: readonly [batch: number, height: number, width: number],
  forward: CompiledForward,
  answer: Answer<H, K>,
): CompiledModel<H, K> {
  const [batch, ...size] = shape;
  const recorded = graphBackend() !== undefined;
  if (recorded) tidy(() => forward.prepare(shape));
  const compute = (pictures: readonly Tensor3D[]) => {
    const { images, metas } = batchViews(
      viewPictures(pictures, (own) => fittingSize(own, size)),
      size,
    );
    return { raw: forward.run(images, metas), metas };
  };
  const predict = async (images: ImageInput | readonly ImageInput[], options: CompiledPredictOptions<H, K> = {}) => {
    const many = Array.isArray(images);
    const list = (many ? images : [images]) as readonly ImageInput[];
    if (list.length !== batch) {
      const what = `The model was compiled for ${batch} pictures at a time and got ${list.length}.`;
      throw new GlidError('GLID_SHAPE', what, { fix: 'Give as many, or compile it for another batch.' });
    }
    const each = await answer(list, compute, options);
    return many ? each : each[0]!;
  };
  return {
    ...{ shape, recorded, predict: predict as CompiledModel<H, K>['predict'] },
    get nodes() {
      return forward.nodes;
    },
    dispose: () => forward.dispose(),
  };
}
