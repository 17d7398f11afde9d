import { expect, it } from 'vitest';
import type { ImageMeta } from '../spec/image-meta.ts';
import { meanMetrics } from './mean-metrics.ts';

const meta: ImageMeta = { originalSize: [1, 1], resizedSize: [1, 1], inputSize: [1, 1] };
const sample = (result: number): { result: number; target: object; meta: ImageMeta } => ({ result, target: {}, meta });

it('takes the mean over pictures, leaves NaN out, and starts again after reset', () => {
  const metrics = meanMetrics<number, object>(({ result }) => ({
    value: result,
    big: result > 1 ? result : Number.NaN,
  }));
  metrics.update([sample(1), sample(2)]);
  metrics.update([]);
  metrics.update([sample(6)]);
  expect(metrics.compute()).toEqual({ value: 3, big: 4 });
  metrics.reset();
  expect(metrics.compute()).toEqual({});
  metrics.update([sample(0)]);
  expect(metrics.compute()).toEqual({ value: 0, big: Number.NaN });
});
