import type { ImageMeta } from '@glid/head-kit';
import type { ForegroundResult } from '../src/index.ts';

/** The best that can be said without looking: all is foreground. Of all constant answers it has the largest intersection over union. */
export function constantResult({ meta }: { meta: ImageMeta }): ForegroundResult {
  const [height, width] = meta.originalSize;
  return { probability: new Float32Array(height * width).fill(1), size: [height, width] };
}
