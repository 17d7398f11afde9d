import { type ImageMeta, softmaxRows } from '@glid/head-kit';
import type { Raw } from './head.ts';

/** A thing that was found, in pixels of the original picture. */
export interface FoundThing {
  readonly label: string;
  readonly score: number;
  readonly x: number;
  readonly y: number;
}

export interface PointOptions {
  /** What scores less is left out; 0.5 when absent. */
  readonly threshold?: number;
}

/** One list of things a picture, the surest first. */
export async function readPoints(
  raw: Raw,
  metas: readonly ImageMeta[],
  labels: readonly string[],
  { threshold = 0.5 }: PointOptions = {},
): Promise<FoundThing[][]> {
  const [, queries, columns] = raw.logits.shape;
  const probabilities = softmaxRows(await raw.logits.data(), columns);
  const centres = await raw.centres.data();
  return metas.map((meta, b) => {
    const [height, width] = meta.originalSize;
    const part = meta.crop ?? { x: 0, y: 0, width, height };
    const found: FoundThing[] = [];
    for (let q = b * queries; q < (b + 1) * queries; q++) {
      const scores = probabilities.subarray(q * columns, q * columns + labels.length);
      const score = Math.max(...scores);
      if (score < threshold) continue;
      const across = meta.flippedHorizontally ? 1 - centres[2 * q]! : centres[2 * q]!;
      const x = part.x + across * part.width;
      const y = part.y + centres[2 * q + 1]! * part.height;
      found.push({ label: labels[scores.indexOf(score)]!, score, x, y });
    }
    return found.sort((a, b) => b.score - a.score);
  });
}
