import { describe, expect, it } from 'vitest';
import { learningRateFactor, type Schedule } from './schedule.ts';

const at = (schedule: Schedule, total: number, ...steps: number[]): number[] =>
  steps.map((step) => learningRateFactor(schedule, step, total));

describe('learningRateFactor', () => {
  it('warms up linearly, then follows half a cosine to the end value', () => {
    const schedule: Schedule = { kind: 'cosine', warmUp: { steps: 10 }, end: 0.1 };
    const [first, mid, peak, half, last] = at(schedule, 110, 0, 5, 10, 60, 110) as [
      number,
      number,
      number,
      number,
      number,
    ];
    expect(first).toBe(0);
    expect(mid).toBeCloseTo(0.5, 12);
    expect(peak).toBe(1);
    expect(half).toBeCloseTo(0.55, 12);
    expect(last).toBeCloseTo(0.1, 12);
  });

  it('starts a warm-up at the given fraction', () => {
    expect(at({ kind: 'constant', warmUp: { steps: 4, from: 0.2 } }, 10, 0, 2, 4, 9)).toEqual([
      0.2, 0.6000000000000001, 1, 1,
    ]);
  });

  it('multiplies poly with the warm-up and ends at zero', () => {
    const values = at({ kind: 'poly', power: 0.9, warmUp: { steps: 2 } }, 100, 1, 50, 100);
    expect(values[0]).toBeCloseTo(0.5 * 0.99 ** 0.9, 12);
    expect(values[1]).toBeCloseTo(0.5 ** 0.9, 12);
    expect(values[2]).toBe(0);
  });

  it('drops at each milestone, from the milestone on', () => {
    expect(at({ kind: 'step', milestones: [3, 6] }, 10, 2, 3, 5, 6).map((v) => Number(v.toFixed(6)))).toEqual([
      1, 0.1, 0.1, 0.01,
    ]);
  });

  // An independent evaluation of the two published phases, in terms of a plain interpolation parameter.
  it.each([
    [10, 0.3, 25, 1e4],
    [57, 0.41, 10, 100],
    [100, 0.5, 2, 5],
  ])(
    'one-cycle over %i steps, peak at %f, has the anneal phases of the published rule',
    (total, peakAt, div, final) => {
      const schedule: Schedule = { kind: 'one-cycle', peakAt, startDivisor: div, endDivisor: final };
      for (let step = 0; step < total; step++) {
        const boundary = peakAt * total - 1;
        const rising = step <= boundary;
        const part = rising ? step / boundary : (step - boundary) / (total - 1 - boundary);
        const [from, to] = rising ? [1 / div, 1] : [1, 1 / div / final];
        const expected = from + (to - from) * Math.sin((Math.PI * part) / 2) ** 2;
        expect(learningRateFactor(schedule, step, total)).toBeCloseTo(expected, 10);
      }
      expect(learningRateFactor(schedule, 0, total)).toBeCloseTo(1 / div, 12);
      expect(learningRateFactor(schedule, total - 1, total)).toBeCloseTo(1 / div / final, 12);
    },
  );

  it('one-cycle gives the known values of the 10-step default', () => {
    // OneCycleLR(max_lr=1, total_steps=10): initial 0.04, peak at iteration 2, minimum 4e-6 at iteration 9.
    const values = at({ kind: 'one-cycle' }, 10, 0, 1, 2, 9);
    expect(values[0]).toBeCloseTo(0.04, 12);
    expect(values[1]).toBeCloseTo(0.52, 12);
    expect(values[2]).toBeCloseTo(1, 12);
    expect(values[3]).toBeCloseTo(4e-6, 12);
  });

  it.each<[Schedule, number]>([
    [{ kind: 'cosine', warmUp: { steps: 20 } }, 10],
    [{ kind: 'one-cycle', peakAt: 1.5 }, 10],
    [{ kind: 'poly', power: 0 }, 10],
    [{ kind: 'step', milestones: [5, 5] }, 10],
    [{ kind: 'constant' }, 0],
  ])('refuses %j over %i steps', (schedule, total) => {
    expect(() => learningRateFactor(schedule, 0, total)).toThrow(expect.objectContaining({ code: 'GLID_CONFIG' }));
  });
});
