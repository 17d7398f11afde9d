import type { HeadFixture } from '@glid/head-kit/testing';
import type { imageClassification } from '../src/index.ts';

const labels = ['cat', 'dog', 'fox'];

export const fixture: HeadFixture<{ labels: readonly string[] }, ReturnType<typeof imageClassification>> = {
  config: { labels },
  invalidConfigs: [{}, { labels: [] }, { labels: ['cat'] }, { labels: ['cat', 'cat'] }],
  makeTarget: (_height, _width, random) => ({ class: { data: Int32Array.of(random.integer(3)), shape: [1] } }),
  perfectResult(target) {
    const truth = labels[target.class.data[0]!]!;
    const ranking = [truth, ...labels.filter((label) => label !== truth)].map((label, k) => ({
      label,
      score: k ? 0 : 1,
    }));
    return { ...ranking[0]!, ranking };
  },
  normaliser: 'pictures',
};
