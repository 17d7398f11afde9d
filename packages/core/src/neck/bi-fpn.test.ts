import '@glid/ops/gradients';
import '@tensorflow/tfjs-backend-cpu';
import { Random } from '@glid/base';
import { initializeParameters } from '@glid/head-kit';
import { expectClose, expectFixture, type Fixture, hasShared, loadFixture, withoutShared } from '@glid/test-utils';
import {
  add,
  batchNorm,
  concat,
  grads,
  matMul,
  mul,
  pad,
  randomNormal,
  reshape,
  type Scalar,
  setBackend,
  slice,
  sum,
  type Tensor,
  type Tensor1D,
  type Tensor4D,
  tensor,
  transpose,
} from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { nhwc } from '../../test/swin-fixture.ts';
import { swinPresets } from '../encoder/index.ts';
import { fuseCell, type MapNorm, neck, pixelMap } from './bi-fpn.ts';
import { fusionNodes } from './fusion-nodes.ts';
import type { NeckConfig } from './neck-config.ts';
import { neckSpecs } from './neck-specs.ts';

beforeAll(async () => {
  expect(await setBackend('cpu')).toBe(true);
});

/** Our name of a weight of the reference's single cell; null for the layers that make extra levels. */
function ourName(theirs: string, levels: number): string | null {
  const match = /^cell\.0\.fnode\.(\d+)\.(.*)$/.exec(theirs);
  if (!match) return null;
  const node = fusionNodes(levels)[Number(match[1])]!.name;
  return `${node}.${match[2]!
    .replace('combine.edge_weights', 'weights')
    .replace(/combine\.resample\.(\d+)\.conv\.conv/, 'inputs.$1.projection')
    .replace(/combine\.resample\.(\d+)\.conv\.bn/, 'inputs.$1.norm')
    .replace('after_combine.conv.conv_dw', 'depthwise')
    .replace('after_combine.conv.conv_pw', 'pointwise')
    .replace('after_combine.conv.bn', 'norm')
    .replace(/norm\.weight$/, 'norm.gamma')
    .replace(/norm\.bias$/, 'norm.beta')
    .replace(/(projection|depthwise|pointwise)\.weight$/, '$1.kernel')}`;
}

function ourLayout(name: string, data: Float32Array, shape: readonly number[]): Tensor {
  const theirs = tensor(data, [...shape]);
  if (name.includes('depthwise')) return transpose(theirs, [2, 3, 0, 1]);
  if (shape.length === 4) return transpose(tensor(data, [shape[0]!, shape[1]!]));
  return theirs;
}

/** The reference normalises by batch statistics of a trained network. */
function batchNormWith(weights: Record<string, Tensor>, fixture: Fixture): MapNorm {
  return (x, name) => {
    const at = (key: string): Tensor1D => weights[`${name}.${key}`] as Tensor1D;
    if (!(`${name}.gamma` in weights)) return x;
    return batchNorm(
      x,
      at('running_mean'),
      at('running_var'),
      at('beta'),
      at('gamma'),
      fixture.config.bn_eps,
    ) as Tensor4D;
  };
}

describe.skipIf(!hasShared)(`published Bi-FPN: ${withoutShared}`, () => {
  for (const name of ['swin4-same-ch', 'swin4to5-odd']) {
    it(`gives the published maps and gradients: ${name}`, async () => {
      const fixture = loadFixture('bifpn', name);
      const levels = fixture.config.max_level - fixture.config.min_level + 1;
      const weights: Record<string, Tensor> = {};
      for (const theirs of fixture.names) {
        const ours = fixture.tensor(theirs).role === 'param' ? ourName(theirs, levels) : null;
        if (ours)
          weights[ours] = ourLayout(ours, fixture.tensor(theirs).data as Float32Array, fixture.tensor(theirs).shape);
        // Their convolution without a bias is ours with a bias of zero.
        const kernel = /^(.*pointwise)\.kernel$/.exec(ours ?? '');
        if (kernel && !(`${kernel[1]}.bias` in weights)) {
          weights[`${kernel[1]}.bias`] = tensor(new Float32Array(fixture.config.fpn_channels));
        }
      }
      const norm = batchNormWith(weights, fixture);
      const features = fixture.config.in_chs.map((_: number, i: number) => nhwc(fixture, `feat.${i}`)) as Tensor4D[];
      if (levels > features.length) features.push(nhwc(fixture, 'resampled.4') as Tensor4D);
      const trained = Object.keys(weights).filter((key) => !key.includes('running'));
      const run = (record: Record<string, Tensor>, maps: readonly Tensor4D[]): readonly Tensor4D[] =>
        fuseCell({ ...weights, ...record }, '', maps, norm);
      const outputs = run({}, features);
      for (let level = 0; level < levels; level++) {
        const got = await transpose(outputs[level]!, [0, 3, 1, 2]).data();
        expectFixture(got, fixture.tensor(`out.${level}`));
      }
      if (levels > 4) return; // the extra level's own layers are not ours: gradients are compared in the case without it
      const cotangents = outputs.map((_, i) => nhwc(fixture, `cotangent.${i}`));
      const found = grads((...values: Tensor[]) => {
        const record = Object.fromEntries(trained.map((key, i) => [key, values[i]!]));
        const live = { ...weights, ...record };
        const maps = values.slice(trained.length) as Tensor4D[];
        const out = fuseCell(live, '', maps, batchNormWith(live, fixture));
        return out.map((map, i) => sum(mul(map, cotangents[i]!))).reduce((a, b) => add(a, b)) as Scalar;
      })([...trained.map((key) => weights[key]!), ...features]);
      let compared = 0;
      for (const key of fixture.names.filter((n) => n.startsWith('grad:'))) {
        const expected = fixture.tensor(key);
        const theirs = key.slice(5);
        const feature = /^feat\.(\d)$/.exec(theirs);
        const ours = feature ? null : ourName(theirs, levels)!;
        const gradient = feature ? found[trained.length + Number(feature[1])]! : found[trained.indexOf(ours!)]!;
        const want = feature ? nhwc(fixture, key) : ourLayout(ours!, expected.data as Float32Array, expected.shape);
        expectFixture(await gradient.data(), { ...expected, data: (await want.data()) as Float32Array });
        compared++;
      }
      expect(compared).toBeGreaterThan(30);
    });
  }
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
