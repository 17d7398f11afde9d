import { describe, expect, it } from 'vitest';
import { drawDetections } from '../src/index.ts';

describe('drawn detections', () => {
  const result = {
    size: [40, 60] as const,
    detections: [
      { query: 0, label: 'red cell', score: 0.91, box: [-5, 10, 70, 30] as const },
      { query: 1, label: 'white cell', score: 0.74, box: [1, 2, 3, 4] as const },
      { query: 2, label: 'red cell', score: 0.5, box: [5, 6, 7, 8] as const },
      { query: 3, label: 'red cell', score: 0.49, box: [5, 6, 7, 8] as const },
    ],
  };

  it('are the sure ones, cut at the border, with per cent, in one colour a class', () => {
    const shapes = drawDetections(result, ['red cell', 'white cell']);
    expect(shapes).toMatchObject([
      { kind: 'box', xyxy: [0, 10, 60, 30], label: 'red cell 91%' },
      { kind: 'box', xyxy: [1, 2, 3, 4], label: 'white cell 74%' },
      { kind: 'box', xyxy: [5, 6, 7, 8], label: 'red cell 50%' },
    ]);
    const [first, second, third] = shapes.map((shape) => (shape as { color?: string }).color);
    expect(third).toBe(first);
    expect(second).not.toBe(first);
    expect(drawDetections(result, ['red cell', 'white cell'], 0.49)).toHaveLength(4);
  });
});
