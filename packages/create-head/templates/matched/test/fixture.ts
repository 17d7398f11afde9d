import type { HeadFixture } from '@glid/head-kit/testing';
import type { templateHead } from '../src/index.ts';

const labels = ['cup', 'plate'];

export const fixture: HeadFixture<{ labels: readonly string[]; queries?: number }, ReturnType<typeof templateHead>> = {
  config: { labels, queries: 6 },
  invalidConfigs: [{}, { labels: [] }, { labels: ['cup', 'cup'] }, { labels, queries: 0 }],
  /** Three things, each in a third of its own. */
  makeTarget(height, width, random) {
    const centres = [0, 1, 2].flatMap((k) => [((k + random.uniform(0, 1)) * width) / 3, random.uniform(0, height), 2]);
    return {
      centres: { data: Float32Array.from(centres), shape: [3, 1, 3] },
      classes: { data: Int32Array.of(0, 1, random.integer(2)), shape: [3] },
    };
  },
  options: { threshold: 0 },
  perfectResult: ({ centres, classes }) =>
    [...classes.data].map((label, t) => ({
      label: labels[label]!,
      score: 1,
      x: centres.data[3 * t]!,
      y: centres.data[3 * t + 1]!,
    })),
};
