import type { OpCase } from '../../ops/test/suite/index.ts';
import type { Precision } from '../src/index.ts';

/** What may differ in each precision: of one operation as in `OpCase`, of a whole model as a share of the norm of what is compared. */
export interface Tolerances {
  ofOperation(c: OpCase): OpCase['tolerance'];
  readonly outputs: number;
  readonly gradients: number;
  /** A parameter's gradient is measured against its own norm, or against this share of all gradients' when that is more. */
  readonly gradientShare: number;
}

const atLeast =
  (forward: number, gradient: number) =>
  ({ tolerance }: OpCase): OpCase['tolerance'] => ({
    forward: Math.max(tolerance.forward, forward),
    gradient: Math.max(tolerance.gradient, gradient),
  });

/**
 * Products round their factors to 10 bits of mantissa (tf32) or 7 (bf16): eight times as much. A parameter's gradient is a sum that cancels,
 * down to a hundredth for some of the neck's weights, and rounding does not cancel: exact products are judged parameter by parameter,
 * rounded ones by what they do to the whole gradient.
 */
export const tolerances: Readonly<Record<Precision, Tolerances>> = {
  float32: { ofOperation: ({ tolerance }) => tolerance, outputs: 1e-4, gradients: 1e-3, gradientShare: 1e-3 },
  tf32: { ofOperation: atLeast(4e-3, 8e-3), outputs: 5e-3, gradients: 3e-2, gradientShare: 1 },
  bf16: { ofOperation: atLeast(32e-3, 64e-3), outputs: 4e-2, gradients: 24e-2, gradientShare: 1 },
};
