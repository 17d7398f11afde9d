import { add, gather, mul, reverse, type Tensor4D, tensor1d } from '@tensorflow/tfjs-core';
import type { PoseConfig } from './config.ts';
import type { PoseRaw } from './forward.ts';

/**
 * Test-time flip: the mean of the heat maps of a picture and of its mirror image, sides swapped back. No shift: UDP's geometry is
 * symmetric.
 */
export function averageMirrored({ flipPairs, joints }: PoseConfig, raw: PoseRaw, mirrored: PoseRaw): PoseRaw {
  const order = Int32Array.from(joints, (_, i) => i);
  for (const [a, b] of flipPairs) {
    order[a!] = b!;
    order[b!] = a!;
  }
  return Object.fromEntries(
    Object.entries(raw).map(([name, maps]) => {
      const back = reverse(mirrored[name as keyof PoseRaw]!, 3);
      return [name, mul(add(maps, gather(back, tensor1d(order, 'int32'), 1)), 0.5) as Tensor4D];
    }),
  );
}
