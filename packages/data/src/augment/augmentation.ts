import { GlidError, type Random } from '@glid/base';
import { applyGeometry } from '../geometry/apply-geometry.ts';
import { fuse } from '../geometry/fuse.ts';
import { type Geometry, isIdentity } from '../geometry/geometry.ts';
import type { Sample, Size } from '../sample/sample.ts';

/** One step of a pipeline. All its chance comes from `random`. */
export type Augmentation =
  /** Needs only the picture's size; null leaves the sample alone. Neighbours are fused into one resampling. */
  | { readonly kind: 'geometric'; readonly name: string; plan(size: Size, random: Random): Geometry | null }
  /** Sees and changes the whole sample. */
  | { readonly kind: 'sample'; readonly name: string; apply(sample: Sample, random: Random): Sample }
  /** Becomes other steps. */
  | { readonly kind: 'choice'; readonly name: string; choose(random: Random): readonly Augmentation[] };

/**
 * Runs a pipeline. Neighbouring geometric steps become one resampling wherever that gives the same picture: crops,
 * mirrorings and padding around one scaling or one rotation. Equal `random` states give equal samples.
 */
export function augment(sample: Sample, pipeline: readonly Augmentation[], random: Random): Sample {
  let current = sample;
  let pending: Geometry | null = null;
  const steps = [...pipeline];
  for (let step = steps.shift(); step; step = steps.shift()) {
    if (step.kind === 'choice') {
      steps.unshift(...step.choose(random));
      continue;
    }
    if (step.kind === 'sample') {
      if (pending) current = applyGeometry(current, pending);
      pending = null;
      current = step.apply(current, random);
      continue;
    }
    const size: Size = pending?.output ?? current.size;
    const next = step.plan(size, random);
    if (next === null || isIdentity(next, size)) continue;
    const fused: Geometry | null = pending && fuse(pending, next, current.size);
    if (pending && !fused) current = applyGeometry(current, pending);
    pending = fused ?? next;
  }
  return pending ? applyGeometry(current, pending) : current;
}

/** Runs `pipeline` with a probability in 0..1, else leaves the sample as it is. */
export function sometimes(probability: number, pipeline: readonly Augmentation[]): Augmentation {
  checkProbability('sometimes', probability);
  return {
    kind: 'choice',
    name: 'sometimes',
    choose: (random) => (random.boolean(probability) ? pipeline : []),
  };
}

/** Runs one of the pipelines, each as likely. */
export function oneOf(...pipelines: readonly (readonly Augmentation[])[]): Augmentation {
  return { kind: 'choice', name: 'oneOf', choose: (random) => pipelines[random.integer(pipelines.length)] ?? [] };
}

export function checkProbability(name: string, probability: number): void {
  if (probability >= 0 && probability <= 1) return;
  throw new GlidError('GLID_USAGE', `${name}: a probability of ${probability} was given.`, {
    fix: 'Pass a number in 0..1.',
  });
}
