import '@tensorflow/tfjs-backend-cpu';
import { Random } from '@glid/base';
import { enableProdMode, memory, setBackend, type Tensor3D, tensor, tensor3d, tile } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { samplePoints } from '../src/index.ts';
import { sampleShared } from '../src/sample-shared.ts';

enableProdMode();
beforeAll(async () => expect(await setBackend('cpu')).toBe(true));

describe('sampleShared', () => {
  it.each([
    [5, 7],
    [1, 3],
  ])(
    'gives what sampling each map of %i x %i at the points gives, borders and outside included',
    async (height, width) => {
      const random = new Random(height);
      const maps = tensor(
        Float32Array.from({ length: 3 * height * width }, () => random.normal()),
        [3, height, width],
      ) as Tensor3D;
      const points = Float32Array.from({ length: 2 * 60 }, () => random.uniform(-0.3, 1.3));
      points.set([0, 0, 1, 1, 0.5, 0, 1, 0.5]);
      const alone = await samplePoints(maps, tile(tensor3d(points, [1, 60, 2]), [3, 1, 1]) as Tensor3D).data();
      const before = memory().numTensors;
      const together = sampleShared(maps, points);
      expect(memory().numTensors).toBe(before + 1);
      expect(together.shape).toEqual([60, 3]);
      const got = await together.data();
      for (let n = 0; n < 3; n++) {
        for (let p = 0; p < 60; p++) expect(Math.abs(got[3 * p + n]! - alone[60 * n + p]!)).toBeLessThan(2e-6);
      }
    },
  );
});
