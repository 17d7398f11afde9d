import type { HeadFixture } from '@glid/head-kit/testing';
import type { templateHead } from '../src/index.ts';

export const fixture: HeadFixture<{ labels: readonly string[] }, ReturnType<typeof templateHead>> = {
  config: { labels: ['cup', 'plate'] },
  invalidConfigs: [{}, { labels: [] }, { labels: ['cup', 'cup'] }],
  /** A disc on an empty table. */
  makeTarget(height, width, random) {
    const [x, y, radius] = [random.uniform(0, width), random.uniform(0, height), random.uniform(4, 12)];
    const data = Int32Array.from({ length: height * width }, (_, i) => {
      const distance = Math.hypot((i % width) + 0.5 - x, Math.floor(i / width) + 0.5 - y);
      return distance < radius ? 1 : 0;
    });
    return { foreground: { data, shape: [height, width] } };
  },
  perfectResult: ({ foreground }, { originalSize }) => ({
    probability: Float32Array.from(foreground.data),
    size: originalSize,
  }),
};
