import '@tensorflow/tfjs-backend-cpu';
import { headChecks } from '@glid/head-kit/testing';
import { it } from 'vitest';
import { counts } from './count-head.ts';

const fixture = {
  config: { labels: ['cup', 'plate'] },
  invalidConfigs: [{ labels: [] }, { labels: ['cup', 'cup'] }],
  makeTarget: () => ({ counts: { data: Float32Array.of(3, 1), shape: [2] } }),
};
for (const check of headChecks(counts, fixture)) it(check.name, check.run);
