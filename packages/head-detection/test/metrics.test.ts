import { describe, expect, it } from 'vitest';
import { detection } from '../src/index.ts';

const head = detection({ labels: ['cat', 'dog'], queries: 3 }, { hiddenSize: 8, pixelStride: 4 });
const meta = (id: string) =>
  ({ originalSize: [100, 200], resizedSize: [100, 200], inputSize: [128, 256], id }) as const;
const record = (id: string) => ({
  id,
  source: 'test',
  image: async () => {
    throw new Error('not needed');
  },
  objects: [
    { label: 'dog', box: [10, 20, 60, 90] as const },
    { label: 'cat', box: [100, 0, 150, 50] as const, area: 2000 },
  ],
});

describe('detection metrics', () => {
  it('give a perfect prediction 1, and count a wrong label', async () => {
    const target = await head.targetsFrom!(record('a'));
    const perfect = {
      size: [100, 200] as const,
      detections: [
        { label: 'dog', score: 0.9, box: [10, 20, 60, 90] as const, query: 3 },
        { label: 'cat', score: 0.8, box: [100, 0, 150, 50] as const, query: 0 },
      ],
    };
    const metrics = head.createMetrics();
    metrics.update([{ result: perfect, target, meta: meta('a') }]);
    const one = expect.closeTo(1, 12);
    expect(metrics.compute()).toMatchObject({ AP: one, AP50: one, 'AP/cat': one, 'AP/dog': one, APsmall: Number.NaN });
    metrics.reset();
    const swapped = { ...perfect, detections: perfect.detections.map((d) => ({ ...d, label: 'cat' })) };
    metrics.update([{ result: swapped, target, meta: meta('a') }]);
    expect(metrics.compute()).toMatchObject({ AP: expect.closeTo(0.25, 12), 'AP/dog': 0 });
  });

  it('refuse a label that the head does not know', async () => {
    const unknown = { ...record('a'), objects: [{ label: 'fox', box: [0, 0, 1, 1] as const }] };
    await expect(head.targetsFrom!(unknown)).rejects.toMatchObject({ code: 'GLID_LABELS' });
  });
});
