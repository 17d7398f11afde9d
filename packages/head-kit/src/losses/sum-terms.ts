import { addN, mul, type Scalar } from '@tensorflow/tfjs-core';
import type { LossTerms } from '../spec/head.ts';

/**
 * Weighs named losses and adds them up.
 *
 * @param losses unweighted, by name  @param weights by the same names; 1 where absent
 */
export function sumTerms(
  losses: { readonly [name: string]: Scalar },
  weights: { readonly [name: string]: number } = {},
): LossTerms {
  const terms: Record<string, Scalar> = {};
  for (const [name, loss] of Object.entries(losses)) {
    const weight = weights[name] ?? 1;
    terms[name] = weight === 1 ? loss : mul(loss, weight);
  }
  return { total: addN(Object.values(terms)) as Scalar, terms };
}
