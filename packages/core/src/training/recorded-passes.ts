import type { LossContext } from '@glid/head-kit';
import { type CapturedGraph, graphBackend } from '@glid/ops';
import { mul, sum, Tensor, tensor4d, tidy, zeros, zerosLike } from '@tensorflow/tfjs-core';
import type { Batch } from './batch.ts';
import type { Objective, ParameterRecord } from './objective.ts';
import { KeptTape, nextTensorId, type TapedGradients, tapedGradients } from './open-tape.ts';
import { tensorsIn } from './tensors-in.ts';

interface Recorded {
  readonly forward: CapturedGraph;
  readonly backward: CapturedGraph;
  /** The shape of what `forward` returns; its tensors are disposed. */
  readonly template: object;
}

type Loss = ReturnType<Objective['loss']>;

/** Kinds of batches that are remembered; the graphs of the least recently used go. */
const mostKinds = 4;

/**
 * Forward and backward pass of training steps as recorded graphs, around the matching on the host:
 *
 * graph (forward) -> `assign` and `loss` with the gradients of the forward pass's outputs, as ever -> graph (backward) -> parameters' gradients.
 *
 * A kind of batch is recorded when it comes a second time; until then, and where the backend records nothing or the objective draws by chance,
 * steps are computed as ever. The graphs keep the activations of one batch and a copy of parameters and gradients.
 */
export class RecordedPasses {
  /** `null`: seen once. */
  readonly #kinds = new Map<string, Recorded | null>();

  /** Kinds of batches with graphs. */
  get recorded(): number {
    return [...this.#kinds.values()].filter((kind) => kind !== null).length;
  }

  /** As `tapedGradients`; `undefined` where this batch must be computed as ever. */
  async gradients(
    objective: Objective,
    parameters: Readonly<ParameterRecord>,
    names: readonly string[],
    batch: Batch,
    drawn: unknown,
    context: LossContext,
  ): Promise<TapedGradients<object, Loss> | undefined> {
    const recorded = this.#find(objective, parameters, names, batch, drawn);
    if (!recorded) return undefined;
    const firstTensorId = nextTensorId();
    const images = imagesOf(batch);
    const outputs = recorded.forward.replay([images, ...names.map((name) => parameters[name]!)]);
    images.dispose();
    const forwarded = filledIn(recorded.template, outputs);
    const taped = {
      forward: () => forwarded,
      assign: (given: object) => objective.assign(given, batch, context),
      loss: (given: object, assigned: unknown) => objective.loss(given, batch, assigned, context),
    };
    try {
      const { loss, gradients } = await tapedGradients(taped, outputs);
      const slopes = gradients.map((gradient, i) => gradient ?? zerosLike(outputs[i]!));
      const own = recorded.backward.replay(slopes.filter(({ dtype }) => dtype === 'float32'));
      for (const slope of slopes) slope.dispose();
      return { forwarded, loss, gradients: own, firstTensorId };
    } catch (error) {
      for (const output of outputs) output.dispose();
      throw error;
    }
  }

  dispose(): void {
    for (const kind of this.#kinds.values()) kind?.forward.dispose();
    this.#kinds.clear();
  }

  #find(
    objective: Objective,
    parameters: Readonly<ParameterRecord>,
    names: readonly string[],
    batch: Batch,
    drawn: unknown,
  ): Recorded | undefined {
    const key = graphBackend() && objective.recordable?.kindOf(batch, drawn);
    if (key === undefined) return undefined;
    const known = this.#kinds.get(key);
    this.#kinds.delete(key);
    const now = known === null ? record(objective, parameters, names, batch, drawn) : (known ?? null);
    this.#kinds.set(key, now);
    for (const [oldest, kind] of this.#kinds) {
      if (this.#kinds.size <= mostKinds) break;
      kind?.forward.dispose();
      this.#kinds.delete(oldest);
    }
    return now ?? undefined;
  }
}

function record(
  objective: Objective,
  parameters: Readonly<ParameterRecord>,
  names: readonly string[],
  batch: Batch,
  drawn: unknown,
): Recorded {
  const images = imagesOf(batch);
  const trainable = names.map((name) => parameters[name]!);
  const run = (x: Tensor, own: readonly Tensor[]): object => {
    const record = { ...parameters, ...Object.fromEntries(names.map((name, i) => [name, own[i]!])) };
    return objective.recordable!.forward(record, x as never, batch, drawn);
  };
  let template: object = {};
  const slopes: Tensor[] = [];
  tidy(() => {
    template = run(images, trainable);
    for (const output of differentiated(template)) slopes.push(zeros(output.shape));
    return slopes;
  });
  let tape = new KeptTape();
  let leaves: readonly Tensor[] = [];
  let outputs: Tensor[] = [];
  const [forward, backward] = graphBackend()!.captureStages([
    {
      inputs: [images, ...trainable],
      run([x, ...own]) {
        [tape, leaves] = [new KeptTape(), own];
        const forwarded = tape.forward(() => run(x!, own));
        outputs = differentiated(forwarded);
        return [...tensorsIn(forwarded)];
      },
    },
    {
      inputs: slopes,
      run: (given) => {
        const along = (): Tensor[] => outputs.map((output, i) => sum(mul(output, given[i]!)));
        return tape.backward(along, leaves).map((gradient, i) => gradient ?? zerosLike(leaves[i]!));
      },
    },
  ]);
  for (const tensor of [images, ...slopes]) tensor.dispose();
  return { forward: forward!, backward: backward!, template };
}

/** The outputs that a gradient may come back through. */
function differentiated(forwarded: object): Tensor[] {
  return [...tensorsIn(forwarded)].filter(({ dtype }) => dtype === 'float32');
}

function imagesOf({ images: { data, shape } }: Batch): Tensor {
  return tensor4d(data, [...shape]);
}

/** The same records and arrays with other tensors, in the order of `tensorsIn`. */
function filledIn<T>(template: T, tensors: readonly Tensor[]): T {
  const places = new Map([...tensorsIn(template)].map((old, i) => [old, tensors[i]!]));
  const filled = (value: unknown): unknown => {
    if (value instanceof Tensor) return places.get(value);
    if (Array.isArray(value)) return value.map(filled);
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, filled(item)]));
  };
  return filled(template) as T;
}
