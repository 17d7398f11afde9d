import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RleRuns } from '../index.ts';
import {
  compressRle,
  decodeMask,
  encodeMask,
  maskArea,
  maskBox,
  maskFromPolygons,
  maskIou,
  mergeMasks,
  parseRle,
  resizeMask,
} from '../index.ts';

const sizes = fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 }));
const pixels = (length: number) =>
  fc.oneof(
    fc.array(fc.constantFrom(0, 1), { minLength: length, maxLength: length }),
    fc.tuple(fc.nat(length), fc.nat(length)).map(([a, b]) => Array.from({ length }, (_, i) => +(i >= a && i < b))),
  );
const masksOf = (count: number) =>
  sizes.chain(([h, w]) =>
    fc.record({
      size: fc.constant([h, w] as const),
      dense: fc.array(pixels(h * w), { minLength: count, maxLength: count }),
    }),
  );
const column = (dense: readonly number[], size: readonly [number, number]): RleRuns =>
  encodeMask(dense, size, 'column');

describe('masks', () => {
  it('come back from runs and from strings as they went in', () => {
    fc.assert(
      fc.property(masksOf(1), ({ size, dense: [mask] }) => {
        for (const order of ['row', 'column'] as const) {
          const runs = encodeMask(mask!, size, order);
          expect([...decodeMask(runs, order)]).toEqual(mask);
          expect(parseRle(compressRle(runs))).toEqual(runs);
          expect(parseRle({ size, counts: [...runs.counts] })).toEqual(runs);
        }
        const [h, w] = size;
        const transposed = Array.from({ length: h * w }, (_, i) => mask![(i % h) * w + Math.floor(i / h)]!);
        expect(column(transposed, size)).toEqual(encodeMask(mask!, size));
      }),
    );
  });

  it('come back from strings with runs of any length', () => {
    const run = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 100_000_000 }));
    fc.assert(
      fc.property(fc.array(run, { minLength: 1, maxLength: 20 }), fc.boolean(), (runs, startsSet) => {
        const counts = startsSet ? [0, ...runs] : runs;
        const size = [1, counts.reduce((a, b) => a + b, 0)] as const;
        expect([...parseRle(compressRle({ size, counts })).counts]).toEqual(counts);
      }),
    );
  });

  it('lose empty runs without changing', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(3), { minLength: 1, maxLength: 16 }), (counts) => {
        const flat = counts.flatMap((count, i) => Array<number>(count).fill(i % 2));
        const size = [1, flat.length] as const;
        const runs = parseRle({ size, counts });
        expect(runs).toEqual(encodeMask(flat, size));
        expect(maskArea(runs)).toBe(flat.filter(Boolean).length);
      }),
    );
  });

  it('merge like dense masks', () => {
    fc.assert(
      fc.property(masksOf(3), ({ size, dense }) => {
        const runs = dense.map((mask) => column(mask, size));
        const some = dense[0]!.map((_, i) => +dense.some((mask) => mask[i] === 1));
        const every = dense[0]!.map((_, i) => +dense.every((mask) => mask[i] === 1));
        expect(mergeMasks(runs)).toEqual(column(some, size));
        expect(mergeMasks(runs, 'intersection')).toEqual(column(every, size));
      }),
    );
  });

  it('have the area, box and IoU of dense masks', () => {
    fc.assert(
      fc.property(masksOf(4), fc.tuple(fc.boolean(), fc.boolean()), ({ size, dense }, crowd) => {
        const runs = dense.map((mask) => column(mask, size));
        const count = (test: (i: number) => boolean): number => dense[0]!.filter((_, i) => test(i)).length;
        const iou = maskIou(runs.slice(0, 2), runs.slice(2), crowd);
        for (let d = 0; d < 2; d++) {
          const a = dense[d]!;
          const area = count((i) => a[i] === 1);
          expect(maskArea(runs[d]!)).toBe(area);
          const xs = a.flatMap((on, i) => (on ? [Math.floor(i / size[0])] : []));
          const ys = a.flatMap((on, i) => (on ? [i % size[0]] : []));
          const [left, top] = [Math.min(...xs), Math.min(...ys)];
          expect(maskBox(runs[d]!)).toEqual(
            area === 0 ? [0, 0, 0, 0] : [left, top, Math.max(...xs) - left + 1, Math.max(...ys) - top + 1],
          );
          for (let g = 0; g < 2; g++) {
            const b = dense[g + 2]!;
            const both = count((i) => a[i] === 1 && b[i] === 1);
            const divisor = crowd[g] ? area : count((i) => a[i] === 1 || b[i] === 1);
            expect(iou[d * 2 + g]).toBe(both === 0 ? 0 : both / divisor);
          }
        }
      }),
    );
  });

  it('take the nearest pixel when they are resized', () => {
    fc.assert(
      fc.property(masksOf(1), sizes, ({ size: [h, w], dense: [mask] }, [newH, newW]) => {
        const resized = decodeMask(resizeMask(encodeMask(mask!, [h, w]), [newH, newW]));
        for (let y = 0; y < newH; y++) {
          for (let x = 0; x < newW; x++) {
            const from = Math.floor(((y + 0.5) * h) / newH) * w + Math.floor(((x + 0.5) * w) / newW);
            expect(resized[y * newW + x]).toBe(mask![from]);
          }
        }
      }),
    );
  });
});

describe('polygons', () => {
  const coordinate = fc.double({ min: -6, max: 30, noNaN: true });
  const outline = fc.array(fc.tuple(coordinate, coordinate), { minLength: 3, maxLength: 8 });

  it('cover exactly the pixels whose middle is clearly inside (even-odd), and none that is clearly outside', () => {
    fc.assert(
      fc.property(outline, ([...points]) => {
        const mask = decodeMask(maskFromPolygons([points.flat()], [20, 24]));
        for (let y = 0; y < 20; y++) {
          for (let x = 0; x < 24; x++) {
            const middle = [x + 0.5, y + 0.5] as const;
            if (distanceToOutline(points, middle) < 1) continue;
            expect(mask[y * 24 + x], `pixel ${x}, ${y}`).toBe(+isInside(points, middle));
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it('that touch unite', () => {
    fc.assert(
      fc.property(outline, outline, (a, b) => {
        const size = [20, 24] as const;
        const each = [a, b].map((points) => maskFromPolygons([points.flat()], size));
        expect(maskFromPolygons([a.flat(), b.flat()], size)).toEqual(mergeMasks(each));
      }),
    );
  });
});

type Point = readonly [number, number];

function isInside(points: readonly Point[], [x, y]: Point): boolean {
  let inside = false;
  points.forEach(([x0, y0], i) => {
    const [x1, y1] = points[(i + 1) % points.length]!;
    if (y0 > y !== y1 > y && x < x0 + ((y - y0) / (y1 - y0)) * (x1 - x0)) inside = !inside;
  });
  return inside;
}

function distanceToOutline(points: readonly Point[], [x, y]: Point): number {
  return Math.min(
    ...points.map(([x0, y0], i) => {
      const [x1, y1] = points[(i + 1) % points.length]!;
      const length = (x1 - x0) ** 2 + (y1 - y0) ** 2;
      const t = length === 0 ? 0 : Math.min(1, Math.max(0, ((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / length));
      return Math.hypot(x - x0 - t * (x1 - x0), y - y0 - t * (y1 - y0));
    }),
  );
}
