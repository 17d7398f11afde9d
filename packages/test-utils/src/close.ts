import type { FixtureTensor } from './fixtures.ts';

export interface Difference {
  readonly worst: number;
  readonly at: number;
  readonly got: number;
  readonly expected: number;
}

/** Largest absolute difference; a NaN on one side only counts as infinite. */
export function maxDifference(got: ArrayLike<number>, expected: ArrayLike<number>): Difference {
  if (got.length !== expected.length) throw new Error(`lengths differ: got ${got.length}, expected ${expected.length}`);
  let worst = 0;
  let at = -1;
  for (let i = 0; i < got.length; i++) {
    const bothNaN = Number.isNaN(got[i]) && Number.isNaN(expected[i]);
    const same = bothNaN || got[i] === expected[i];
    const d = same ? 0 : Math.abs(got[i]! - expected[i]!);
    const size = Number.isNaN(d) ? Number.POSITIVE_INFINITY : d;
    if (size > worst) {
      worst = size;
      at = i;
    }
  }
  return { worst, at, got: got[at] ?? 0, expected: expected[at] ?? 0 };
}

export function expectClose(got: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, what = ''): void {
  const d = maxDifference(got, expected);
  if (!(d.worst <= tolerance)) {
    throw new Error(
      `${what} differs by ${d.worst} at ${d.at} (got ${d.got}, expected ${d.expected}), tolerance ${tolerance}`,
    );
  }
}

/** The tolerances of the fixtures' README: forward and gradient. */
export function expectFixture(got: ArrayLike<number>, expected: FixtureTensor): void {
  const tolerance =
    expected.role === 'grad'
      ? Math.max(1e-6, 20 * expected.f32Error, 2e-5 * expected.absMax)
      : Math.max(2e-5, 20 * expected.f32Error, 3e-6 * expected.absMax);
  expectClose(got, expected.data, tolerance, expected.name);
}
