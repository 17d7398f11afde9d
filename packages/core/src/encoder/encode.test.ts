import '@glid/ops/gradients';
import '@tensorflow/tfjs-backend-cpu';
import { GlidError, Random } from '@glid/base';
import { initializeParameters } from '@glid/head-kit';
import { expectClose } from '@glid/test-utils';
import {
  add,
  concat,
  grads,
  memory,
  pad,
  randomNormal,
  type Scalar,
  setBackend,
  slice,
  square,
  sum,
  type Tensor,
  type Tensor4D,
  tidy,
} from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { recompute } from '../training/recompute.ts';
import { drawDropPath } from './drop-path.ts';
import { encode } from './encode.ts';
import type { SwinConfig } from './swin-config.ts';
import { encoderSpecs } from './swin-specs.ts';
import { encodeVisible } from './visible/encode-visible.ts';
import { visibleTokens } from './visible/visible-tokens.ts';

const micro: SwinConfig = {
  embed: 8,
  depths: [2, 2, 2, 2],
  heads: [1, 2, 4, 4],
  window: 4,
  mlpRatio: 2,
  dropPath: 0.5,
  semantics: 'detection',
};

function loudWeights(): Record<string, Tensor> {
  const loud = Object.entries(encoderSpecs(micro)).map(([name, spec]) => [
    name,
    { ...spec, init: { kind: 'truncatedNormal', std: name.includes('norm') ? 1 : 0.3 } as const },
  ]);
  return initializeParameters(Object.fromEntries(loud), new Random(3));
}

const picture = (height: number, width: number, seed: number): Tensor4D =>
  randomNormal([1, height, width, 3], 0, 1, 'float32', seed);

beforeAll(async () => {
  expect(await setBackend('cpu')).toBe(true);
});

it('gives a batch of mixed sizes what single pictures give', async () => {
  const parameters = loudWeights();
  const sizes = [
    [50, 83],
    [96, 37],
    [33, 96],
    [4, 4],
  ] as const;
  const singles = sizes.map(([h, w], i) => picture(h, w, i + 1));
  const padded = singles.map((image, i) =>
    pad(image, [
      [0, 0],
      [0, 96 - sizes[i]![0]],
      [0, 96 - sizes[i]![1]],
      [0, 0],
    ]),
  );
  const together = encode(parameters, micro, concat(padded, 0), { sizes });
  for (let i = 0; i < sizes.length; i++) {
    const alone = encode(parameters, micro, singles[i]!);
    for (let stage = 0; stage < 4; stage++) {
      const [, height, width, channels] = alone[stage]!.shape;
      const part = slice(together[stage]!, [i, 0, 0, 0], [1, height, width, channels]);
      expectClose(await part.data(), await alone[stage]!.data(), 2e-5, `picture ${i}, stage ${stage}`);
      const all = slice(together[stage]!, [i, 0, 0, 0], [1, -1, -1, -1]);
      const inside = (await part.data<'float32'>()).reduce((n, x) => n + Math.abs(x), 0);
      expect((await all.data<'float32'>()).reduce((n, x) => n + Math.abs(x), 0)).toBeCloseTo(inside, 1);
    }
  }
});

it('refuses mixed sizes where windows shrink with the grid', () => {
  const config = { ...micro, semantics: 'classification' } as const;
  const images = picture(32, 32, 1);
  expect(() => encode(loudWeights(), config, images, { sizes: [[32, 20]] })).toThrow(GlidError);
  expect(() => encode(loudWeights(), config, images, { sizes: [[32, 32]] })).not.toThrow();
  expect(() => encode(loudWeights(), micro, images, { sizes: [[40, 32]] })).toThrow(/do not fit/);
});

it('names a missing parameter', () => {
  const { 'encoder.patchEmbed.bias': gone, ...rest } = loudWeights();
  expect(gone).toBeDefined();
  expect(() => encode(rest, micro, picture(32, 32, 1))).toThrow(/'encoder\.patchEmbed\.bias' is missing/);
});

it('drops branches by the draw, a picture at a time, and leaves no tensors behind', async () => {
  const parameters = loudWeights();
  const images = concat([picture(32, 32, 1), picture(32, 32, 1)], 0) as Tensor4D;
  const dropPath = drawDropPath(micro, 2, new Random(1));
  expect(dropPath[0]!.keepProbability).toBe(1);
  expect(dropPath[7]!.keepProbability).toBe(0.5);
  const before = memory().numTensors;
  const same = (): Tensor => tidy(() => encode(parameters, micro, images, { dropPath })[3]!);
  const [first, second] = [same(), same()];
  expect(await first.data()).toEqual(await second.data());
  const half = first.size / 2;
  const values = await first.data();
  expect(values.slice(0, half)).not.toEqual(values.slice(half));
  first.dispose();
  second.dispose();
  tidy(() => void encode(parameters, micro, images));
  const settled = memory().numTensors;
  tidy(
    () =>
      void encode(parameters, micro, images, {
        sizes: [
          [32, 20],
          [12, 32],
        ],
      }),
  );
  tidy(() => void encode(parameters, micro, images));
  expect(memory().numTensors - settled).toBeLessThanOrEqual(0);
  expect(settled - before).toBeLessThan(20); // constants cached by @glid/ops
});

it('has the same gradients when blocks are computed a second time', async () => {
  const parameters = loudWeights();
  const names = Object.keys(parameters);
  const images = concat([picture(48, 32, 1), picture(48, 32, 2)], 0) as Tensor4D;
  const sizes = [
    [48, 20],
    [17, 32],
  ] as const;
  const dropPath = drawDropPath(micro, 2, new Random(4));
  const units = { data: Float32Array.of(1, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0, 0), shape: [2, 3, 2] } as const;
  const run = (forward: (p: Record<string, Tensor>) => readonly Tensor4D[]): Tensor[] =>
    tidy(() =>
      grads((...values: Tensor[]) => {
        const maps = forward(Object.fromEntries(names.map((name, i) => [name, values[i]!])));
        return maps.map((map) => sum(square(map))).reduce((a, b) => add(a, b)) as Scalar;
      })(names.map((name) => parameters[name]!)),
    );
  const cases = [
    (p: Record<string, Tensor>, runBlock?: typeof recompute) => encode(p, micro, images, { sizes, dropPath, runBlock }),
    (p: Record<string, Tensor>, runBlock?: typeof recompute) =>
      encodeVisible(p, micro, images, visibleTokens(units, 16), runBlock),
  ];
  for (const forward of cases) {
    const plain = run((p) => forward(p));
    const again = run((p) => forward(p, recompute));
    for (const [i, gradient] of plain.entries()) {
      expectClose(
        await again[i]!.data(),
        await gradient.data(),
        1e-5 * scaleOf(await gradient.data<'float32'>()),
        names[i],
      );
    }
  }
});

function scaleOf(values: Float32Array): number {
  return values.reduce((most, v) => Math.max(most, Math.abs(v)), 1);
}
