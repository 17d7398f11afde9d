import type { ImageMeta } from '@glid/head-kit';
import type { ForegroundResult } from '../src/index.ts';
import type { Target } from '../src/targets.ts';

/** The best that can be said without looking: all is foreground. Of all constant answers it has the largest intersection over union. */
export function constantResult(
  _targets: readonly Target[],
  _labels: readonly string[],
  { originalSize: [height, width] }: ImageMeta,
): ForegroundResult {
  return { probability: new Float32Array(height * width).fill(1), size: [height, width] };
}
