import { expect, it } from 'vitest';
import { optimizerOf } from '../src/train/optimizer.ts';

const options = { weightDecay: 0.05, clip: 1, schedule: 'cosine' };
const defaults = { learningRate: 1e-3, beta2: 0.999 };

it('trains query embeddings at --query-rate times the rate', () => {
  expect(optimizerOf(options, 100, defaults)).not.toHaveProperty('learningRates');
  expect(optimizerOf({ ...options, queryRate: 1 }, 100, defaults)).not.toHaveProperty('learningRates');
  expect(optimizerOf({ ...options, queryRate: 10 }, 100, defaults).learningRates).toEqual([
    { match: 'queries.*.embedding', factor: 10 },
  ]);
});

it.each([0, -1, Number.NaN])('refuses --query-rate %s', (queryRate) => {
  expect(() => optimizerOf({ ...options, queryRate }, 100, defaults)).toThrow(/--query-rate/);
});
