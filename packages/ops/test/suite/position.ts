import { sinePoints, sinePosition } from '../../src/index.ts';
import type { OpCase } from './op-case.ts';
import { binary, fixed, opCase, uniform } from './op-case.ts';

/** sin and cos of the angle at falling frequencies, alternating. */
function code(angle: number, half: number, temperature: number): number[] {
  return Array.from({ length: half }, (_, i) => {
    const value = angle / temperature ** ((2 * Math.floor(i / 2)) / half);
    return i % 2 === 0 ? Math.sin(value) : Math.cos(value);
  });
}

interface Picture {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly normalize: boolean;
}

function positionCase({ height, width, channels, normalize }: Picture, masked: boolean): OpCase {
  const batch = masked ? 2 : 1;
  return opCase<'mask'>({
    op: 'sinePosition',
    what: `${height} x ${width} x ${channels}, ${normalize ? 'normalised' : 'plain'}${masked ? ', padded' : ''}`,
    inputs: { mask: [[batch, height, width], binary(0.8)] },
    gradientOf: [],
    outputShape: [batch, height, width, channels],
    run: ({ mask }) => sinePosition(height, width, channels, { normalize, ...(masked ? { mask } : {}) }),
    reference: ({ mask }) => {
      const seen = (b: number, y: number, x: number): number => (masked ? mask[(b * height + y) * width + x]! : 1);
      const sumTo = (n: number, at: (i: number) => number): number => {
        let total = 0;
        for (let i = 0; i <= n; i++) total += at(i);
        return total;
      };
      const out: number[] = [];
      for (let b = 0; b < batch; b++) {
        for (let y = 0; y < height; y++) {
          for (let x = 0; x < width; x++) {
            const column = (n: number): number => sumTo(n, (i) => seen(b, i, x));
            const row = (n: number): number => sumTo(n, (i) => seen(b, y, i));
            const angle = (count: number, last: number): number =>
              normalize ? (count / (last + 1e-6)) * 2 * Math.PI : count;
            out.push(...code(angle(column(y), column(height - 1)), channels / 2, 10000));
            out.push(...code(angle(row(x), row(width - 1)), channels / 2, 10000));
          }
        }
      }
      return Float64Array.from(out);
    },
  });
}

function pointsCase(count: number, channels: number, draw = uniform(0, 1), what = ''): OpCase {
  return opCase({
    op: 'sinePoints',
    what: `${count} points, ${channels} channels${what}`,
    inputs: { points: [[count, 2], draw] },
    gradientOf: [],
    outputShape: [count, channels],
    run: ({ points }) => sinePoints(points, channels, { temperature: 20 }),
    reference: ({ points }) =>
      Float64Array.from(
        Array.from({ length: count }, (_, i) => [points[2 * i + 1]!, points[2 * i]!]).flatMap(([y, x]) => [
          ...code(y! * 2 * Math.PI, channels / 2, 20),
          ...code(x! * 2 * Math.PI, channels / 2, 20),
        ]),
      ),
  });
}

export const positionCases: readonly OpCase[] = [
  positionCase({ height: 5, width: 7, channels: 8, normalize: true }, false),
  positionCase({ height: 5, width: 7, channels: 8, normalize: false }, false),
  positionCase({ height: 1, width: 1, channels: 4, normalize: true }, false),
  positionCase({ height: 5, width: 7, channels: 8, normalize: true }, true),
  positionCase({ height: 5, width: 7, channels: 8, normalize: false }, true),
  pointsCase(6, 12),
  pointsCase(2, 4, fixed(0, 0, 1, 0.5), ', corners'),
  pointsCase(0, 8),
];
