import type { HeadFixture } from '@glid/head-kit/testing';
import type { templateHead } from '../src/index.ts';

const labels = ['cup', 'plate'];

export const fixture: HeadFixture<{ labels: readonly string[] }, ReturnType<typeof templateHead>> = {
  config: { labels },
  invalidConfigs: [{}, { labels: [] }, { labels: ['cup', 'cup'] }],
  makeTarget: (_height, _width, random) => ({
    counts: { data: Float32Array.from(labels, () => 1 + random.integer(4)), shape: [labels.length] },
  }),
  perfectResult: ({ counts }) => labels.map((label, k) => ({ label, count: counts.data[k]! })),
  normaliser: 'pictures',
};
