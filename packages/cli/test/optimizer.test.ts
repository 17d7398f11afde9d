import { expect, it } from 'vitest';
import { optimizerOf } from '../src/train/optimizer.ts';

const options = { weightDecay: 0.05, clip: 1, schedule: 'cosine' };
const defaults = { learningRate: 1e-3, beta2: 0.999 };
const tenfold = [{ match: 'queries.*.embedding', factor: 10 }];

it('trains query embeddings at the rate of the kind of run, or at --query-rate times the others', () => {
  expect(optimizerOf(options, 100, defaults)).not.toHaveProperty('learningRates');
  expect(optimizerOf(options, 100, { ...defaults, queryRate: 10 }).learningRates).toEqual(tenfold);
  expect(optimizerOf({ ...options, queryRate: 10 }, 100, { ...defaults, queryRate: 1 }).learningRates).toEqual(tenfold);
  expect(optimizerOf({ ...options, queryRate: 1 }, 100, { ...defaults, queryRate: 10 })).not.toHaveProperty(
    'learningRates',
  );
});

it.each([0, -1, Number.NaN])('refuses --query-rate %s', (queryRate) => {
  expect(() => optimizerOf({ ...options, queryRate }, 100, defaults)).toThrow(/--query-rate/);
});
