import '@tensorflow/tfjs-backend-wasm';
import { Random } from '@glid/base';
import { initializeParameters } from '@glid/head-kit';
import { constantsInUse } from '@glid/ops';
import {
  enableProdMode,
  memory,
  randomNormal,
  setBackend,
  type Tensor,
  type Tensor4D,
  tidy,
} from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { encode, encoderSpecs, swinPresets } from '../src/encoder/index.ts';

let parameters: Record<string, Tensor>;

beforeAll(async () => {
  enableProdMode();
  expect(await setBackend('wasm')).toBe(true);
  parameters = initializeParameters(encoderSpecs(swinPresets.tiny), new Random(1));
});

afterAll(() => {
  for (const tensor of Object.values(parameters)) tensor.dispose();
});

for (const [height, width] of [
  [224, 224],
  [512, 640],
  [100, 260],
] as const) {
  it(`runs Swin-T at ${height} x ${width} without leaks`, async () => {
    const images = randomNormal([1, height, width, 3], 0, 1, 'float32', 1) as Tensor4D;
    const own = (): number => memory().numTensors - constantsInUse().count;
    const before = own();
    const maps = tidy(() => encode(parameters, swinPresets.tiny, images) as Tensor4D[]);
    expect(maps.map((map) => map.shape)).toEqual(
      [4, 8, 16, 32].map((stride, stage) => [
        1,
        Math.ceil(height / stride),
        Math.ceil(width / stride),
        96 * 2 ** stage,
      ]),
    );
    expect(own()).toBe(before + 4);
    const last = await maps[3]!.data<'float32'>();
    expect(last.every(Number.isFinite)).toBe(true);
    // Each output is normed: unit variance at every token.
    const variance = last.slice(0, 768).reduce((sum, v) => sum + v * v, 0) / 768;
    expect(variance).toBeCloseTo(1, 2);
    for (const map of maps) map.dispose();
    images.dispose();
  }, 120_000);
}
