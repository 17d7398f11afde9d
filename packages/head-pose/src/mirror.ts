import { type ImageMeta, mirrorMaps } from '@glid/head-kit';
import { add, gather, mul, type Tensor4D, tensor1d } from '@tensorflow/tfjs-core';
import type { PoseConfig } from './config.ts';
import type { PoseRaw } from './forward.ts';

/**
 * Test-time flip: the mean of the heat maps of pictures and of their mirror images, sides swapped back. No shift: UDP's geometry is
 * symmetric. `metas` say which part of the maps shows the pictures.
 */
export function averageMirrored(
  { flipPairs, joints }: PoseConfig,
  raw: PoseRaw,
  mirrored: PoseRaw,
  metas: readonly ImageMeta[],
): PoseRaw {
  const order = Int32Array.from(joints, (_, i) => i);
  for (const [a, b] of flipPairs) {
    order[a!] = b!;
    order[b!] = a!;
  }
  return Object.fromEntries(
    Object.entries(raw).map(([name, maps]) => {
      const back = mirrorMaps(mirrored[name as keyof PoseRaw]!, metas);
      return [name, mul(add(maps, gather(back, tensor1d(order, 'int32'), 1)), 0.5) as Tensor4D];
    }),
  );
}
