import type { HeadFixture } from '@glid/head-kit/testing';
import type { crowdCounting } from '../src/index.ts';

const labels = ['sheep', 'goat'];

export const fixture: HeadFixture<{ labels: readonly string[] }, ReturnType<typeof crowdCounting>> = {
  config: { labels },
  invalidConfigs: [{}, { labels: [] }, { labels: ['goat', 'goat'] }],
  makeTarget(height, width, random) {
    const places = [0, 1, 2, 3].flatMap(() => [random.uniform(0, width), random.uniform(0, height), 2]);
    return {
      places: { data: Float32Array.from(places), shape: [4, 1, 3] },
      classes: { data: Int32Array.of(0, 1, random.integer(2), random.integer(2)), shape: [4] },
    };
  },
  perfectResult({ classes }, { originalSize }) {
    const counts = labels.map((label, k) => ({ label, count: classes.data.filter((c) => c === k).length }));
    const density = new Float32Array(originalSize[0] * originalSize[1]);
    return { count: classes.data.length, counts, density, size: originalSize };
  },
  normaliser: 'pictures',
};
