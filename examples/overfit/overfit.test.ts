import { wasm } from '@glid/backend-wasm';
import { useBackend } from '@glid/core';
import { enableProdMode } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { lessons } from './lessons.ts';
import { overfit } from './overfit.ts';

beforeAll(async () => {
  enableProdMode();
  await useBackend([wasm({ nativeGemm: 'off' })]);
});

/** What every head must reach on the few pictures it learns by heart; the lessons' own goals may be higher. */
const least: Readonly<Record<string, readonly [metric: string, value: number]>> = {
  detection: ['AP50', 0.9],
  semantic: ['mIoU', 0.9],
  instance: ['AP50', 0.9],
  panoptic: ['PQ', 0.8],
  depth: ['delta1', 0.95],
  pose: ['AP', 0.9],
};

describe('each head learns a few synthetic pictures by heart', () => {
  it('there is a lesson for each', () => expect(Object.keys(lessons).sort()).toEqual(Object.keys(least).sort()));

  it.each(Object.entries(least))('%s: %s', async (name, [metric, value]) => {
    const { metrics, shapes } = await overfit(name);
    expect(metrics[metric]).toBeGreaterThanOrEqual(value);
    // Every picture shows something.
    expect(shapes.every((found) => found.length > 0)).toBe(true);
  });
});
