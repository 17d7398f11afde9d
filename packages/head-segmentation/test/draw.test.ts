import { expect, it } from 'vitest';
import { drawSegmentation } from '../src/index.ts';

// Coloured by their letters these three were all green.
const labels = ['animal', 'background', 'border'];
const rgb = (shape: object): number[] =>
  [1, 3, 5].map((k) => Number.parseInt((shape as { color: string }).color.slice(k, k + 2), 16));

it('draws the classes that are there, in colours that can be told apart', () => {
  const semantic = { data: Uint8Array.from([0, 1, 2, 2]), width: 2, height: 2 };
  const shapes = drawSegmentation({ size: [2, 2], semantic } as never, labels);
  expect(shapes).toMatchObject([
    { kind: 'mask', label: 'animal', data: Uint8Array.from([1, 0, 0, 0]) },
    { kind: 'mask', label: 'background', data: Uint8Array.from([0, 1, 0, 0]) },
    { kind: 'mask', label: 'border', data: Uint8Array.from([0, 0, 1, 1]) },
  ]);
  const [a, b, c] = shapes.map(rgb) as [number[], number[], number[]];
  for (const [x, y] of [
    [a, b],
    [a, c],
    [b, c],
  ] as const) {
    expect(Math.hypot(...x.map((v, k) => v - y[k]!))).toBeGreaterThan(90);
  }
});

it('gives panoptic segments the colours of their classes', () => {
  const panoptic = {
    ids: Int32Array.from([1, 2, 2, 0]),
    segments: [
      { id: 1, label: 'border' },
      { id: 2, label: 'animal' },
    ],
  };
  const shapes = drawSegmentation({ size: [2, 2], panoptic } as never, labels);
  expect(shapes.map((shape) => [...(shape as { data: Uint8Array }).data])).toEqual([
    [1, 0, 0, 0],
    [0, 1, 1, 0],
  ]);
  expect(rgb(shapes[0]!)).not.toEqual(rgb(shapes[1]!));
});
