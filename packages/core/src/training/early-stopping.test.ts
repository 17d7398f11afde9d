import { describe, expect, it } from 'vitest';
import { type BestSoFar, nothingYet, shouldStop, updateBest } from './early-stopping.ts';

const run = (better: 'higher' | 'lower', values: number[], minDelta = 0): BestSoFar =>
  values.reduce((best, value, i) => updateBest(best, { name: 'm', better }, value, i + 1, minDelta), nothingYet);

describe('updateBest', () => {
  it('keeps the first of equals and counts evaluations without improvement', () => {
    expect(run('higher', [1, 3, 3, 2])).toEqual({ value: 3, step: 2, stale: 2 });
    expect(run('lower', [3, 1, 2])).toEqual({ value: 1, step: 2, stale: 1 });
  });

  it('asks for more than minDelta', () => {
    expect(run('lower', [1, 0.95, 0.8], 0.1)).toEqual({ value: 0.8, step: 3, stale: 0 });
  });

  it('never lets NaN win', () => {
    expect(run('higher', [Number.NaN])).toEqual({ value: null, step: 0, stale: 1 });
    expect(run('higher', [1, Number.NaN, 2])).toEqual({ value: 2, step: 3, stale: 0 });
  });

  it('stops when patience has run out', () => {
    expect(shouldStop(run('higher', [1, 1, 1]), { patience: 2 })).toBe(true);
    expect(shouldStop(run('higher', [1, 1]), { patience: 2 })).toBe(false);
    expect(shouldStop(run('higher', [1, 1, 1]), undefined)).toBe(false);
  });
});
