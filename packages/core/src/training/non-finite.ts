import { GlidError } from '@glid/base';
import type { Tensor } from '@tensorflow/tfjs-core';

/** What is known when a step gives a number that is not finite. */
export interface NonFiniteStep {
  /** The step that was about to be made, from 1. */
  readonly step: number;
  readonly loss: number;
  /** This rank's terms. */
  readonly terms: { readonly [name: string]: number };
  readonly names: readonly string[];
  readonly gradients: readonly Tensor[];
  readonly parameters: readonly Tensor[];
}

/** Looks for the culprits, term and parameter, and names them. The weights are those from before the step. */
export async function nonFiniteError(facts: NonFiniteStep): Promise<GlidError> {
  const term = Object.entries(facts.terms).find(([, value]) => !Number.isFinite(value))?.[0];
  const weight = await firstNonFinite(facts.names, facts.parameters);
  const gradient = await firstNonFinite(facts.names, facts.gradients);
  const parts = [
    term === undefined ? `the loss is ${facts.loss}` : `loss term '${term}' is ${facts.terms[term]}`,
    weight && `parameter '${weight}' itself is not finite`,
    gradient && `the first parameter with a gradient that is not finite is '${gradient}'`,
  ].filter(Boolean);
  return new GlidError('GLID_NON_FINITE', `Step ${facts.step} is not finite: ${parts.join('; ')}.`, {
    fix: 'The weights are those from before this step. Lower the learning rate, clip gradients, or look at this batch.',
    details: { step: facts.step, loss: facts.loss, terms: facts.terms, term, parameter: weight ?? gradient },
  });
}

async function firstNonFinite(names: readonly string[], tensors: readonly Tensor[]): Promise<string | undefined> {
  for (const [i, tensor] of tensors.entries()) {
    const values = await tensor.data();
    for (let j = 0; j < values.length; j++) if (!Number.isFinite(values[j]!)) return names[i];
  }
  return undefined;
}
