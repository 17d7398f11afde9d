import type { HostArray, RgbImage } from '@glid/base';
import { makeSample, type Sample } from '../src/sample/sample.ts';

/** A rectangle in whole pixels. */
export type Rectangle = readonly [x0: number, y0: number, x1: number, y1: number];

/** A sample on which each instance is a rectangle of its own grey level, told in every kind of target. */
export function paintedSample(width: number, height: number, rectangles: readonly Rectangle[]): Sample {
  const data = new Uint8Array(width * height * 3);
  const classes = new Int32Array(width * height);
  const metres = new Float32Array(width * height).fill(1);
  const masks = new Uint8Array(rectangles.length * width * height);
  for (const [n, [x0, y0, x1, y1]] of rectangles.entries()) {
    for (let y = y0; y < y1; y++) {
      for (let x = x0; x < x1; x++) {
        const i = y * width + x;
        data.fill(60 + 40 * n, i * 3, i * 3 + 3);
        classes[i] = n + 1;
        metres[i] = n + 2;
        for (let k = 0; k < n; k++) masks[k * width * height + i] = 0;
        masks[n * width * height + i] = 1;
      }
    }
  }
  const image: RgbImage = { width, height, data };
  const boxes: HostArray = { data: Float32Array.from(rectangles.flat()), shape: [rectangles.length, 4] };
  const points: HostArray = {
    data: Float32Array.from(rectangles.flatMap(([x0, y0, x1, y1]) => [x0 + 0.5, y0 + 0.5, 2, x1 - 0.5, y1 - 0.5, 2])),
    shape: [rectangles.length, 2, 3],
  };
  return makeSample(
    image,
    {
      boxes: { kind: 'boxes' },
      points: { kind: 'points', flipPairs: [[0, 1]] },
      masks: { kind: 'masks' },
      labels: { kind: 'labels' },
      classes: { kind: 'map', interpolation: 'nearest', ignore: 255 },
      depth: { kind: 'map', interpolation: 'bilinear', ignore: 0 },
      whole: { kind: 'value' },
    },
    {
      boxes,
      points,
      masks: { data: masks, shape: [rectangles.length, height, width] },
      labels: { data: Int32Array.from(rectangles.keys()), shape: [rectangles.length] },
      classes: { data: classes, shape: [height, width] },
      depth: { data: metres, shape: [height, width] },
      whole: { data: Float32Array.of(7), shape: [1] },
    },
    'painted',
  );
}

export function valuesOf(sample: Sample, name: string): HostArray['data'] {
  return sample.fields[name]!.value.data;
}

/** Extent `[x0, y0, x1, y1]` of the pixels that satisfy a condition, or null. */
export function extentOf(width: number, length: number, holds: (pixel: number) => boolean): number[] | null {
  let [x0, y0, x1, y1] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 0, 0];
  for (let i = 0; i < length; i++) {
    if (!holds(i)) continue;
    const x = i % width;
    const y = Math.floor(i / width);
    [x0, y0, x1, y1] = [Math.min(x0, x), Math.min(y0, y), Math.max(x1, x + 1), Math.max(y1, y + 1)];
  }
  return x1 === 0 ? null : [x0, y0, x1, y1];
}
