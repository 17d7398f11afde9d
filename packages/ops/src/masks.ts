import type { Tensor } from '@tensorflow/tfjs-core';
import { cast, greater, where, zerosLike } from '@tensorflow/tfjs-core';
import { differentiable, withoutGradient } from './gradient.ts';
import { requireShape, sameShape } from './shape.ts';

/** 1 where `x > threshold`, else 0, as a float32 constant. (tfjs's comparisons throw when a differentiated tensor flows in.) */
export function maskGreater<T extends Tensor>(x: T, threshold: number): T {
  // allow-op greater: not recorded
  return withoutGradient(() => cast(greater(x, threshold), 'float32') as T);
}

/**
 * `a` where `mask > 0.5`, else `b`; all of one shape. Gradients reach `a` and `b` only where they were taken, so that a NaN in the other
 * branch does no harm; the mask is a constant. Throws `GLID_SHAPE`.
 */
export function selectWhere<T extends Tensor>(mask: Tensor, a: T, b: T): T {
  const fits = sameShape(mask.shape, a.shape) && sameShape(a.shape, b.shape);
  requireShape(fits, 'selectWhere', 'mask, a and b of one shape', { mask, a, b });
  return differentiable<T>(
    [a, b],
    (save) => {
      save([mask]);
      // allow-op greater: not recorded
      return where(greater(mask, 0.5), a, b) as T;
    },
    (dy, saved) => {
      // allow-op greater: not recorded
      const taken = greater(saved[0]!, 0.5);
      const none = zerosLike(dy);
      return [where(taken, dy, none), where(taken, none, dy)];
    },
  );
}
