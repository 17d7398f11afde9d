import '@tensorflow/tfjs-backend-cpu';
import { Random } from '@glid/base';
import { initializeParameters } from '@glid/head-kit';
import { expectClose } from '@glid/test-utils';
import {
  add,
  concat,
  matMul,
  pad,
  randomNormal,
  reshape,
  setBackend,
  slice,
  type Tensor,
  type Tensor4D,
} from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { swinPresets } from '../encoder/index.ts';
import { neck, pixelMap } from './bi-fpn.ts';
import { fusionNodes } from './fusion-nodes.ts';
import type { NeckConfig } from './neck-config.ts';
import { neckSpecs } from './neck-specs.ts';

beforeAll(async () => {
  expect(await setBackend('cpu')).toBe(true);
});

const config: NeckConfig = { width: 16, cells: 2, groups: 4, pixelsFrom: 'neck' };
const encoder = { ...swinPresets.nano, embed: 8 };

function loudWeights(): Record<string, Tensor> {
  const loud = Object.entries(neckSpecs(config, encoder)).map(([name, spec]) => [
    name,
    { ...spec, init: { kind: 'truncatedNormal', std: 0.5 } as const },
  ]);
  return initializeParameters(Object.fromEntries(loud), new Random(8));
}

it('gives a batch of mixed sizes what single pictures give', async () => {
  const parameters = loudWeights();
  const sizes = [
    [64, 40],
    [33, 96],
    [5, 7],
  ] as const;
  const mapsOf = (i: number): Tensor4D[] =>
    [4, 8, 16, 32].map((stride, level) => {
      const [h, w] = sizes[i]!;
      return randomNormal(
        [1, Math.ceil(h / stride), Math.ceil(w / stride), 8 * 2 ** level],
        1,
        1,
        'float32',
        1 + 9 * i + level,
      );
    });
  const padTo = (map: Tensor4D, height: number, width: number): Tensor4D =>
    pad(map, [
      [0, 0],
      [0, height - map.shape[1]],
      [0, width - map.shape[2]],
      [0, 0],
    ]);
  const together = [4, 8, 16, 32].map((stride, level) =>
    concat(
      sizes.map((_, i) => padTo(mapsOf(i)[level]!, 64 / stride, 96 / stride)),
      0,
    ),
  );
  const run = (maps: Tensor4D[], own: typeof sizes | null): Tensor4D[] => {
    const levels = neck(parameters, config, maps, own);
    return [...levels, pixelMap(parameters, config, maps, levels, own)];
  };
  const batch = run(together as Tensor4D[], sizes);
  for (let i = 0; i < sizes.length; i++) {
    for (const [level, single] of run(mapsOf(i), null).entries()) {
      const padded = batch[level]!;
      const part = slice(padded, [i, 0, 0, 0], [1, single.shape[1], single.shape[2], single.shape[3]]);
      expectClose(await part.data(), await single.data(), 5e-5, `picture ${i}`);
    }
  }
});

it('has one node less at both ends and no projection where widths agree', () => {
  expect(fusionNodes(4)).toEqual([
    { name: 'topDown.2', level: 2, inputs: [2, 3] },
    { name: 'topDown.1', level: 1, inputs: [1, 4] },
    { name: 'topDown.0', level: 0, inputs: [0, 5] },
    { name: 'bottomUp.1', level: 1, inputs: [1, 5, 6] },
    { name: 'bottomUp.2', level: 2, inputs: [2, 4, 7] },
    { name: 'bottomUp.3', level: 3, inputs: [3, 8] },
  ]);
  const names = Object.keys(neckSpecs(config, encoder));
  expect(names).toContain('neck.cells.0.topDown.0.inputs.0.projection.kernel');
  expect(names).not.toContain('neck.cells.0.bottomUp.1.inputs.1.projection.kernel'); // stage 1 of embed 8 is 16 wide
  expect(names.some((name) => name.startsWith('neck.cells.1') && name.includes('projection'))).toBe(false);
});

it('takes the 1/4 map from the encoder when asked', async () => {
  const fromEncoder = { ...config, pixelsFrom: 'encoder' } as const;
  expect(neckSpecs(fromEncoder, encoder)['neck.pixels.kernel']!.shape).toEqual([8, 16]);
  const parameters = { ...loudWeights(), ...initializeParameters(neckSpecs(fromEncoder, encoder), new Random(1)) };
  const maps = [8, 4, 2, 1].map((side, level) =>
    randomNormal([1, side, side, 8 * 2 ** level], 0, 1, 'float32', level + 1),
  ) as Tensor4D[];
  const pixels = pixelMap(parameters, fromEncoder, maps, []);
  const expected = add(
    matMul(reshape(maps[0]!, [64, 8]), parameters['neck.pixels.kernel']!),
    parameters['neck.pixels.bias']!,
  );
  expect(pixels.shape).toEqual([1, 8, 8, 16]);
  expectClose(await pixels.data(), await expected.data(), 1e-6);
});
