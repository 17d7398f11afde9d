import { GlidError } from '@glid/base';

/** Linear warm-up over the first `steps` iterations, from `from` x the peak rate (default 0) up to the peak. */
export interface WarmUp {
  readonly steps: number;
  readonly from?: number;
}

/** How the learning rate moves, as plain data. Every kind is evaluated per iteration, never per epoch. */
export type Schedule =
  | { readonly kind: 'constant'; readonly warmUp?: WarmUp }
  /** Warm-up, then half a cosine from 1 to `end` (default 0). Loshchilov & Hutter 2017 without restarts. */
  | { readonly kind: 'cosine'; readonly warmUp?: WarmUp; readonly end?: number }
  /** (1 - step / total) ^ power over the whole run, multiplied by the warm-up. Chen et al. 2018 (DeepLab). */
  | { readonly kind: 'poly'; readonly power: number; readonly warmUp?: WarmUp }
  /** Multiplied by `factor` (default 0.1) at each milestone, given in steps. */
  | {
      readonly kind: 'step';
      readonly milestones: readonly number[];
      readonly factor?: number;
      readonly warmUp?: WarmUp;
    }
  /** Cosine up to the peak at `peakAt` (default 0.3) of the run, cosine down. Smith & Topin 2018; see `oneCycle`. */
  | {
      readonly kind: 'one-cycle';
      readonly peakAt?: number;
      readonly startDivisor?: number;
      readonly endDivisor?: number;
    };

/**
 * The factor on the peak learning rate at iteration `step` (0-based) of `totalSteps`: a pure function, so that a resumed
 * run needs nothing but its step number.
 * @throws GLID_CONFIG for numbers outside their range
 */
export function learningRateFactor(schedule: Schedule, step: number, totalSteps: number): number {
  check(schedule, totalSteps);
  switch (schedule.kind) {
    case 'constant':
      return warm(schedule.warmUp, step);
    case 'cosine':
      return cosine(schedule.warmUp, schedule.end ?? 0, step, totalSteps);
    case 'poly':
      return warm(schedule.warmUp, step) * Math.max(0, 1 - step / totalSteps) ** schedule.power;
    case 'step': {
      const passed = schedule.milestones.filter((milestone) => step >= milestone).length;
      return warm(schedule.warmUp, step) * (schedule.factor ?? 0.1) ** passed;
    }
    case 'one-cycle':
      return oneCycle(
        step,
        totalSteps,
        schedule.peakAt ?? 0.3,
        schedule.startDivisor ?? 25,
        schedule.endDivisor ?? 1e4,
      );
  }
}

function warm(warmUp: WarmUp | undefined, step: number): number {
  if (!warmUp || step >= warmUp.steps) return 1;
  const from = warmUp.from ?? 0;
  return from + (1 - from) * (step / warmUp.steps);
}

function cosine(warmUp: WarmUp | undefined, end: number, step: number, totalSteps: number): number {
  const start = warmUp?.steps ?? 0;
  if (step < start) return warm(warmUp, step);
  const progress = Math.min(1, (step - start) / Math.max(1, totalSteps - start));
  return end + ((1 - end) * (1 + Math.cos(Math.PI * progress))) / 2;
}

/**
 * Two cosine phases: 1 / startDivisor -> 1 up to the (fractional) iteration `peakAt * totalSteps - 1`, then down to
 * 1 / (startDivisor * endDivisor) at the last iteration. The same numbers as PyTorch's `OneCycleLR`.
 */
function oneCycle(step: number, totalSteps: number, peakAt: number, startDivisor: number, endDivisor: number): number {
  const first = 1 / startDivisor;
  const peak = peakAt * totalSteps - 1;
  const between = (from: number, to: number, part: number): number =>
    to + ((from - to) * (1 + Math.cos(Math.PI * part))) / 2;
  if (step <= peak) return between(first, 1, step / peak);
  const part = Math.min(1, (step - peak) / (totalSteps - 1 - peak));
  return between(1, first / endDivisor, part);
}

function check(schedule: Schedule, totalSteps: number): void {
  const wrong = problem(schedule, totalSteps);
  if (wrong === undefined) return;
  throw new GlidError('GLID_CONFIG', `Schedule '${schedule.kind}': ${wrong}.`, {
    fix: 'Correct the schedule or the number of steps.',
    details: { schedule, totalSteps },
  });
}

function problem(schedule: Schedule, totalSteps: number): string | undefined {
  if (!(totalSteps >= 1)) return `the run must have at least one step, not ${totalSteps}`;
  if (schedule.kind === 'one-cycle') {
    const peakAt = schedule.peakAt ?? 0.3;
    if (!(peakAt > 0 && peakAt < 1)) return `peakAt must lie between 0 and 1, not ${peakAt}`;
    if (!((schedule.startDivisor ?? 25) > 0 && (schedule.endDivisor ?? 1e4) > 0)) return 'divisors must be positive';
    return undefined;
  }
  const warmUp = schedule.warmUp;
  if (warmUp && !(warmUp.steps >= 0 && warmUp.steps <= totalSteps)) {
    return `a warm-up of ${warmUp.steps} steps does not fit into ${totalSteps}`;
  }
  if (warmUp && !((warmUp.from ?? 0) >= 0)) return 'warmUp.from must not be negative';
  if (schedule.kind === 'poly' && !(schedule.power > 0)) return `power must be positive, not ${schedule.power}`;
  if (schedule.kind === 'step' && schedule.milestones.some((m, i) => i > 0 && m <= schedule.milestones[i - 1]!)) {
    return 'milestones must increase';
  }
  return undefined;
}
