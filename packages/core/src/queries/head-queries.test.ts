import { expect, it } from 'vitest';
import { parameterRules } from '../training/parameter-rules.ts';
import { headQuerySpecs } from './head-queries.ts';

it('query embeddings start at zero, never decay, and train at the rate that the head asks for', () => {
  const specs = {
    ...headQuerySpecs('depth', { count: 3, init: 'cls' }, 8),
    ...headQuerySpecs('pose', { count: 2, init: 'cls', perLabel: true, lrMultiplier: 10 }, 8),
  };
  expect(specs).toMatchObject({
    'queries.depth.embedding': { shape: [3, 8], init: { kind: 'zeros' } },
    'queries.pose.embedding': { shape: [2, 8], labelAxis: 0 },
  });
  expect([...parameterRules(specs, { weightDecay: 0.05 })]).toEqual([
    ['queries.depth.embedding', { weightDecay: 0, learningRateScale: 1 }],
    ['queries.pose.embedding', { weightDecay: 0, learningRateScale: 10 }],
  ]);
});
