import { Random } from '@glid/base';
import { disposeConstants } from '@glid/ops';
import { dispose, engine, type Tensor, tensor4d, tidy } from '@tensorflow/tfjs-core';
import { createModel, forwardFeatures, type Model } from '../src/model/index.ts';
import { drawMask, forwardPretrain, pretrainLoss } from '../src/pretrain/index.ts';

/** Pictures whose last windows are padded. */
const shape: [number, number, number, number] = [1, 48, 64, 3];
const pixels = ((): Float32Array => {
  const random = new Random(3);
  return Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => random.normal());
})();

export const createNano = (): Promise<Model> => createModel({ backbone: 'nano', pretrain: { unit: 16 }, seed: 7 });

export interface NanoNumbers {
  readonly features: Float32Array;
  readonly loss: number;
  readonly gradients: Readonly<Record<string, Float32Array>>;
}

/** The map that heads read. */
export async function nanoFeatures(model: Model): Promise<Float32Array> {
  const map = tidy(() => forwardFeatures(model.parameters, model.config, tensor4d(pixels, shape)).pixels);
  const values = await map.data<'float32'>();
  map.dispose();
  return values;
}

/** glid-nano, whole, on the active backend: features, and loss and every gradient of a step of masked pre-training. */
export async function nanoNumbers(): Promise<NanoNumbers> {
  using model = await createNano();
  const config = model.pretrain!;
  const features = await nanoFeatures(model);
  const draw = drawMask(config, [shape[0], shape[1], shape[2]], new Random(3));
  const names = Object.keys(model.parameters);
  const parameters = names.map((name) => model.parameters[name]!);
  const { value, grads } = tidy(() => {
    const images = tensor4d(pixels, shape);
    const loss = () =>
      pretrainLoss(forwardPretrain(model.parameters, model.config, config, images, draw), images, config, draw).total;
    // Parameters that the loss does not touch have no gradient.
    return engine().gradients(loss, parameters, undefined, true);
  });
  const loss = (await value.data())[0]!;
  const gradients: Record<string, Float32Array> = {};
  for (const [i, gradient] of (grads as (Tensor | null)[]).entries()) {
    if (gradient) gradients[names[i]!] = await gradient.data<'float32'>();
  }
  dispose([value, ...grads.filter((g) => g !== null)]);
  disposeConstants();
  return { features, loss, gradients };
}

export interface NanoDifferences {
  /** Largest difference of a feature, as a fraction of the largest feature or 1. */
  readonly features: number;
  readonly loss: number;
  /** How many parameters have a gradient, on both sides. */
  readonly gradients: number;
  /** Largest difference of a gradient's entries, as a fraction of the largest entry of all gradients. */
  readonly ofAll: number;
  /**
   * As a fraction of the gradient's own largest entry. Gradients below a thousandth of the largest of all are measured against that: some are
   * zero but for rounding (key biases).
   */
  readonly ofOwn: number;
}

const largest = (values: Float32Array): number => values.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
const apart = (a: Float32Array, b: Float32Array): number =>
  a.length === b.length ? a.reduce((most, v, i) => Math.max(most, Math.abs(v - b[i]!)), 0) : Number.POSITIVE_INFINITY;

export function featuresApart(got: Float32Array, expected: Float32Array): number {
  return apart(got, expected) / Math.max(1, largest(expected));
}

/** How far two backends are apart. @throws when they have gradients for different parameters, or a number that is not finite */
export function nanoDifferences(got: NanoNumbers, expected: NanoNumbers): NanoDifferences {
  const names = Object.keys(expected.gradients);
  if (names.join() !== Object.keys(got.gradients).join()) throw new Error('gradients of different parameters');
  const all = [got.features, Float32Array.of(got.loss), ...Object.values(got.gradients)];
  if (!all.every((values) => values.every(Number.isFinite))) throw new Error('a number is not finite');
  const scale = Math.max(...Object.values(expected.gradients).map(largest));
  let [ofAll, ofOwn] = [0, 0];
  for (const name of names) {
    const difference = apart(got.gradients[name]!, expected.gradients[name]!);
    ofAll = Math.max(ofAll, difference / scale);
    ofOwn = Math.max(ofOwn, difference / Math.max(scale / 1000, largest(expected.gradients[name]!)));
  }
  return {
    features: featuresApart(got.features, expected.features),
    loss: Math.abs(got.loss - expected.loss),
    gradients: names.length,
    ofAll,
    ofOwn,
  };
}
