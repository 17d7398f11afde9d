import { cast, concat, mul, reshape } from '@tensorflow/tfjs-core';
import { maskContest, maskReadout } from '../../src/index.ts';
import { normal, type OpCase, opCase, uniform } from './op-case.ts';

function maskReadoutCase(pixels: number, count: number): OpCase {
  const words = Math.ceil(count / 24);
  return opCase({
    op: 'maskReadout',
    what: `${count} masks of ${pixels} pixels`,
    inputs: { logits: [[pixels, count], normal(-1, 2)] },
    gradientOf: [],
    outputShape: [pixels * words + 2 * count],
    run: ({ logits }) => {
      const found = maskReadout(logits);
      // Words reach 2^24: as shares of that, errors of one bit show.
      return concat([reshape(mul(found.words, 2 ** -20), [-1]), found.areas, found.shares]);
    },
    reference: ({ logits }) => {
      const out = new Float64Array(pixels * words + 2 * count);
      for (let p = 0; p < pixels; p++) {
        for (let s = 0; s < count; s++) {
          const x = logits[p * count + s]!;
          if (x <= 0) continue;
          out[p * words + Math.floor(s / 24)]! += 2 ** ((s % 24) - 20);
          out[pixels * words + s]! += 1;
          out[pixels * words + count + s]! += 1 / (1 + Math.exp(-x));
        }
      }
      return out;
    },
  });
}

function maskContestCase(pixels: number, count: number): OpCase {
  return opCase({
    op: 'maskContest',
    what: `${count} masks of ${pixels} pixels`,
    inputs: { logits: [[pixels, count], normal(-0.5, 2)], scores: [[count], uniform(0.5, 1)] },
    gradientOf: [],
    outputShape: [2 * pixels + 3 * count],
    run: ({ logits, scores }) => {
      const { winner, inside, areas, taken } = maskContest(logits, scores);
      return concat([cast(winner, 'float32'), cast(inside, 'float32'), areas, reshape(taken, [-1])]);
    },
    reference: ({ logits, scores }) => {
      const out = new Float64Array(2 * pixels + 3 * count);
      for (let p = 0; p < pixels; p++) {
        const shares = Array.from({ length: count }, (_, s) => 1 / (1 + Math.exp(-logits[p * count + s]!)));
        const values = shares.map((share, s) => share * scores[s]!);
        const won = values.indexOf(Math.max(...values));
        const isInside = Number(logits[p * count + won]! >= 0);
        out[p] = won;
        out[pixels + p] = isInside;
        shares.forEach((share, s) => {
          if (share >= 0.5) out[2 * pixels + s]! += 1;
        });
        out[2 * pixels + count + 2 * won]! += 1;
        out[2 * pixels + count + 2 * won + 1]! += isInside;
      }
      return out;
    },
  });
}

export const readoutCases: readonly OpCase[] = [
  maskReadoutCase(37, 1),
  maskReadoutCase(2500, 27),
  maskReadoutCase(5, 100),
  maskContestCase(40, 1),
  maskContestCase(33, 3),
  maskContestCase(300, 22),
];
