import { flipGeometry } from '../geometry/geometry.ts';
import { type Augmentation, checkProbability } from './augmentation.ts';

/** Mirrors left and right with a probability; points swap their flip pairs, `negateOnFlip` changes signs. */
export function randomFlip(probability = 0.5): Augmentation {
  checkProbability('randomFlip', probability);
  return {
    kind: 'geometric',
    name: 'randomFlip',
    plan: (size, random) => (random.boolean(probability) ? flipGeometry(size) : null),
  };
}
