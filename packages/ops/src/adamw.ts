import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { add, div, mul, sqrt, square, sub, tidy } from '@tensorflow/tfjs-core';
import { inputNames } from './input-names.ts';
import { runOnAll } from './kernel.ts';
import { requireOption, requireShape, sameShape } from './shape.ts';

export interface AdamWInputs {
  readonly parameters: readonly Tensor[];
  readonly gradients: readonly Tensor[];
  /** First moments, zero before the first step. */
  readonly m: readonly Tensor[];
  /** Second moments, zero before the first step. */
  readonly v: readonly Tensor[];
}

export interface AdamWOptions {
  /** One a parameter, schedule and layer factor included. */
  readonly learningRates: readonly number[];
  /** One a parameter; 0 for norms, biases, embeddings. */
  readonly weightDecays: readonly number[];
  /** 1 for the first step. */
  readonly step: number;
  readonly beta1?: number;
  readonly beta2?: number;
  readonly eps?: number;
  /** Multiplies every gradient first (clipping, averaging) without a pass over them. */
  readonly gradientScale?: Scalar;
  /**
   * Gives `m` and `v` up: they are overwritten where the backend can and nothing else refers to them, else disposed. What is returned may be
   * the same tensors. No tensor may be in both lists, or twice in one.
   */
  readonly consumeMoments?: boolean;
}

export interface AdamWResult {
  readonly parameters: Tensor[];
  readonly m: Tensor[];
  readonly v: Tensor[];
}

/**
 * One step of AdamW with decoupled weight decay (Loshchilov & Hutter 2019, algorithm 2, as torch.optim.AdamW) for all parameters: one launch
 * where the backend has `GlidAdamW`. Returns new tensors; the caller disposes the old ones, but for consumed moments. Throws `GLID_SHAPE`,
 * `GLID_USAGE`.
 */
export function adamwStep(inputs: AdamWInputs, options: AdamWOptions): AdamWResult {
  const { consumeMoments = false } = options;
  const result = nextOf(inputs, options, consumeMoments);
  const overwritten = result.m[0] === inputs.m[0];
  if (consumeMoments && !overwritten) for (const old of [...inputs.m, ...inputs.v]) old.dispose();
  return result;
}

function nextOf(inputs: AdamWInputs, options: AdamWOptions, overwriteMoments: boolean): AdamWResult {
  const { beta1 = 0.9, beta2 = 0.999, eps = 1e-8, step, learningRates, weightDecays, gradientScale } = options;
  const count = inputs.parameters.length;
  check(inputs, options);
  if (count === 0) return { parameters: [], m: [], v: [] };
  const attrs = { count, learningRates, weightDecays, beta1, beta2, epsilon: eps, step, overwriteMoments };
  const named: Record<string, Tensor> = gradientScale === undefined ? {} : { gradientScale };
  const lists = { p: inputs.parameters, g: inputs.gradients, m: inputs.m, v: inputs.v };
  for (const kind of ['p', 'g', 'm', 'v'] as const) {
    const [names, list] = [inputNames(kind, count), lists[kind]];
    for (let i = 0; i < count; i++) named[names[i]!] = list[i]!;
  }
  const fused = runOnAll('GlidAdamW', named, attrs);
  if (fused?.length === count) return { parameters: fused, m: [...inputs.m], v: [...inputs.v] };
  if (fused) {
    return { parameters: fused.slice(0, count), m: fused.slice(count, 2 * count), v: fused.slice(2 * count) };
  }
  const correction1 = 1 - beta1 ** step;
  const correction2 = Math.sqrt(1 - beta2 ** step);
  const result: AdamWResult = { parameters: [], m: [], v: [] };
  for (let i = 0; i < count; i++) {
    const rate = learningRates[i]!;
    const [p, m, v] = tidy(() => {
      const raw = inputs.gradients[i]!;
      const g = gradientScale === undefined ? raw : mul(raw, gradientScale);
      const m = add(mul(inputs.m[i]!, beta1), mul(g, 1 - beta1));
      const v = add(mul(inputs.v[i]!, beta2), mul(square(g), 1 - beta2));
      const direction = div(m, add(mul(sqrt(v), 1 / correction2), eps));
      const decayed = mul(inputs.parameters[i]!, 1 - rate * weightDecays[i]!);
      return [sub(decayed, mul(direction, rate / correction1)), m, v];
    });
    result.parameters.push(p!);
    result.m.push(m!);
    result.v.push(v!);
  }
  return result;
}

function check({ parameters, gradients, m, v }: AdamWInputs, options: AdamWOptions): void {
  const lists = { gradients, m, v, learningRates: options.learningRates, weightDecays: options.weightDecays };
  for (const [name, list] of Object.entries(lists)) {
    const message = `${name} needs one entry a parameter (${parameters.length}), got ${list.length}`;
    requireOption(list.length === parameters.length, 'adamwStep', message);
  }
  requireOption(options.step >= 1, 'adamwStep', `step counts from 1, got ${options.step}`);
  for (let i = 0; i < parameters.length; i++) {
    const got = [parameters[i]!, gradients[i]!, m[i]!, v[i]!] as const;
    const { shape } = got[0];
    if (sameShape(got[1].shape, shape) && sameShape(got[2].shape, shape) && sameShape(got[3].shape, shape)) continue;
    const named = { parameter: got[0], gradient: got[1], m: got[2], v: got[3] };
    requireShape(false, 'adamwStep', `gradient and moments of the parameter's shape (entry ${i})`, named);
  }
}
