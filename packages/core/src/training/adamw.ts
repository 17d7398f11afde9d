import { adamwStep } from '@glid/ops';
import { type Scalar, type Tensor, zeros } from '@tensorflow/tfjs-core';
import type { ParameterRecord } from './objective.ts';
import type { ParameterRule } from './parameter-rules.ts';

/** AdamW's own numbers; rates and decay come with the parameter rules. */
export interface AdamWSettings {
  /** Default 0.9. */
  readonly beta1?: number;
  /** Default 0.999; 0.95 is usual for masked pre-training. */
  readonly beta2?: number;
  /** Default 1e-8. */
  readonly epsilon?: number;
}

/** First and second moments of the trainable parameters. */
export interface AdamWState {
  readonly first: ParameterRecord;
  readonly second: ParameterRecord;
}

/** What one update starts from and returns. */
export interface AdamWUpdate {
  readonly parameters: ParameterRecord;
  readonly state: AdamWState;
}

/** An optimiser as two functions that keep nothing. */
export interface Optimizer {
  init(parameters: Readonly<ParameterRecord>): AdamWState;
  /**
   * One step of every parameter that has a rule. `step` counts from 1; `gradientScale` multiplies every gradient first.
   * Returns new parameters, in the order of the rules, and leaves the old ones; the old moments are given up, as `adamwStep` consumes them.
   */
  update(
    now: AdamWUpdate,
    gradients: readonly Tensor[],
    options: { readonly step: number; readonly learningRate: number; readonly gradientScale?: Scalar },
  ): AdamWUpdate;
}

/** AdamW (Loshchilov & Hutter 2019) over the parameters that `rules` names, with their own rates and decays. */
export function adamw(rules: ReadonlyMap<string, ParameterRule>, settings: AdamWSettings = {}): Optimizer {
  const names = [...rules.keys()];
  const all = [...rules.values()];
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = settings;
  const pick = (record: Readonly<ParameterRecord>): Tensor[] => names.map((name) => record[name]!);
  const named = (tensors: readonly Tensor[]): ParameterRecord =>
    Object.fromEntries(names.map((name, i) => [name, tensors[i]!]));
  return {
    init(parameters) {
      const blank = (): ParameterRecord => named(names.map((name) => zeros(parameters[name]!.shape)));
      return { first: blank(), second: blank() };
    },
    update(now, gradients, { step, learningRate, gradientScale }) {
      const { parameters, m, v } = adamwStep(
        { parameters: pick(now.parameters), gradients, m: pick(now.state.first), v: pick(now.state.second) },
        {
          step,
          beta1,
          beta2,
          eps: epsilon,
          learningRates: all.map((rule) => learningRate * rule.learningRateScale),
          weightDecays: all.map((rule) => rule.weightDecay),
          consumeMoments: true,
          ...(gradientScale ? { gradientScale } : {}),
        },
      );
      return { parameters: named(parameters), state: { first: named(m), second: named(v) } };
    },
  };
}
