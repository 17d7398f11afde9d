import { hasShared, loadFixture, withoutShared } from '@glid/test-utils';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GlidError } from '../errors.ts';
import { Random } from '../random.ts';
import { linearAssignment } from './linear-assignment.ts';

/** The least total over every injective choice, by trying them all. */
function bruteForce(costs: readonly number[], rows: number, columns: number): number {
  const used = new Set<number>();
  const [outer, inner] = rows <= columns ? [rows, columns] : [columns, rows];
  const at = (o: number, i: number): number => (rows <= columns ? costs[o * columns + i]! : costs[i * columns + o]!);
  const visit = (o: number): number => {
    if (o === outer) return 0;
    let best = Number.POSITIVE_INFINITY;
    for (let i = 0; i < inner; i++) {
      if (used.has(i)) continue;
      used.add(i);
      best = Math.min(best, at(o, i) + visit(o + 1));
      used.delete(i);
    }
    return best;
  };
  return visit(0);
}

function total(costs: ArrayLike<number>, columns: number, pairs: { rows: Int32Array; columns: Int32Array }): number {
  let sum = 0;
  pairs.rows.forEach((r, k) => {
    sum += costs[r * columns + pairs.columns[k]!]!;
  });
  return sum;
}

const matrices = fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 })).chain(([rows, columns]) =>
  fc.record({
    rows: fc.constant(rows),
    columns: fc.constant(columns),
    costs: fc.array(fc.oneof(fc.integer({ min: -4, max: 4 }), fc.double({ min: -1e3, max: 1e3, noNaN: true })), {
      minLength: rows * columns,
      maxLength: rows * columns,
    }),
  }),
);

describe('linearAssignment', () => {
  it('finds the least total that trying every pairing finds, in both orientations and with many ties', () => {
    fc.assert(
      fc.property(matrices, ({ rows, columns, costs }) => {
        const pairs = linearAssignment(costs, rows, columns);
        expect(pairs.rows.length).toBe(Math.min(rows, columns));
        expect(new Set(pairs.rows).size).toBe(pairs.rows.length);
        expect(new Set(pairs.columns).size).toBe(pairs.columns.length);
        expect([...pairs.rows]).toEqual([...pairs.rows].sort((a, b) => a - b));
        expect(total(costs, columns, pairs)).toBeCloseTo(bruteForce(costs, rows, columns), 8);
      }),
      { numRuns: 400 },
    );
  });

  it('keeps the pairing when a constant is added to a row', () => {
    const random = new Random(3);
    const costs = Float64Array.from({ length: 7 * 11 }, () => random.uniform());
    const before = linearAssignment(costs, 7, 11);
    for (let r = 0; r < 7; r++) for (let c = 0; c < 11; c++) costs[r * 11 + c]! += r * 10;
    expect(linearAssignment(costs, 7, 11)).toEqual(before);
  });

  it('pairs nothing when a side is empty', () => {
    expect(linearAssignment([], 0, 5).rows.length).toBe(0);
    expect(linearAssignment([], 5, 0).columns.length).toBe(0);
  });

  it('resolves equal costs as scipy does', () => {
    // A constant matrix gives the identity there.
    expect([...linearAssignment(new Float64Array(12), 3, 4).columns]).toEqual([0, 1, 2]);
    expect([...linearAssignment(new Float64Array(12), 4, 3).rows]).toEqual([0, 1, 2]);
  });

  it.each([
    [
      [
        [2, 2, 0, 2],
        [1, 1, 1, 0],
        [2, 0, 0, 1],
        [1, 1, 0, 0],
      ],
      [0, 1, 2, 3],
      [2, 3, 1, 0],
    ],
    [
      [
        [0, 0, 0],
        [2, 0, 1],
        [2, 0, 0],
        [1, 0, 2],
        [0, 2, 2],
      ],
      [0, 1, 2],
      [0, 1, 2],
    ],
    [
      [
        [2, 0, 1, 1, 1, 1],
        [2, 1, 0, 2, 1, 2],
        [0, 1, 2, 0, 0, 1],
      ],
      [0, 1, 2],
      [1, 2, 0],
    ],
    [
      [
        [2, 0, 2, 1, 0, 1],
        [2, 2, 2, 0, 0, 2],
        [2, 2, 0, 0, 1, 1],
        [1, 2, 0, 1, 0, 0],
        [2, 0, 0, 0, 0, 0],
        [2, 1, 1, 0, 2, 2],
      ],
      [0, 1, 2, 3, 4, 5],
      [1, 4, 2, 0, 5, 3],
    ],
  ])('resolves the ties of %j as scipy 1.17 does', (matrix, rows, columns) => {
    const pairs = linearAssignment(matrix.flat(), matrix.length, matrix[0]!.length);
    expect([...pairs.rows]).toEqual(rows);
    expect([...pairs.columns]).toEqual(columns);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    'names the place of a cost of %s',
    (bad) => {
      for (const [rows, columns] of [
        [3, 4],
        [4, 3],
      ] as const) {
        const costs = new Float64Array(12);
        costs[1 * columns + 2] = bad;
        try {
          linearAssignment(costs, rows, columns);
          expect.unreachable();
        } catch (error) {
          if (!GlidError.isInstance(error, 'GLID_NON_FINITE')) throw error;
          expect(error.details).toMatchObject({ row: 1, column: 2 });
          expect(error.message).toContain('row 1, column 2');
        }
      }
    },
  );

  it('refuses a length that does not fill the matrix', () => {
    expect(() => linearAssignment([1, 2, 3], 2, 2)).toThrow(/2 x 2/);
  });
});

describe.skipIf(!hasShared)(`linearAssignment against published matchers (${withoutShared})`, () => {
  it.each(['small', 'coco', 'more-targets-than-queries', 'no-targets'])('gives the indices of case %s', (name) => {
    const fixture = loadFixture('detr-losses', name);
    const layers: [number[], number[]][][] = fixture.manifest.matches;
    layers.forEach((images, layer) => {
      images.forEach(([rows, columns], image) => {
        const cost = fixture.tensor(`cost.l${layer}.b${image}`);
        const pairs = linearAssignment(cost.data, cost.shape[0]!, cost.shape[1]!);
        expect([...pairs.rows]).toEqual(rows);
        expect([...pairs.columns]).toEqual(columns);
      });
    });
  });

  it('gives the indices of the mask criterion', () => {
    const fixture = loadFixture('mask-losses', 'criterion');
    (fixture.manifest.matches as [number[], number[]][]).forEach(([rows, columns], image) => {
      const cost = fixture.tensor(`cost.${image}`);
      const pairs = linearAssignment(cost.data, cost.shape[0]!, cost.shape[1]!);
      expect([...pairs.rows]).toEqual(rows);
      expect([...pairs.columns]).toEqual(columns);
    });
  });
});
