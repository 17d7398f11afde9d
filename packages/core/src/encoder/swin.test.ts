import '@glid/ops/gradients';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { expectFixture, hasShared, loadFixture, withoutShared } from '@glid/test-utils';
import {
  addN,
  grads,
  mul,
  type Scalar,
  setBackend,
  sum,
  type Tensor,
  type Tensor4D,
  tensor,
} from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { nhwc, ourLayout, ourName, swinMicroConfig, swinMicroWeights } from '../../test/swin-fixture.ts';
import type { BlockRunner } from './encode.ts';
import { encode, encoderSpecs, layerCount, layerIdOf, type SwinConfig, swinPresets } from './index.ts';
import { embedPatches, patchRows } from './patch-embed.ts';

beforeAll(async () => {
  expect(await setBackend('cpu')).toBe(true);
});

describe.skipIf(!hasShared)(`published Swin: ${withoutShared}`, () => {
  it('has parameters of the published shapes and no others', () => {
    const specs = encoderSpecs(swinMicroConfig('detection'));
    const weights = swinMicroWeights();
    expect(Object.keys(weights).sort()).toEqual(Object.keys(specs).sort());
    for (const [name, spec] of Object.entries(specs)) expect(weights[name]!.shape, name).toEqual(spec.shape);
  });

  for (const [name, semantics] of [
    ['det-128x128', 'detection'],
    ['det-92x76', 'detection'],
    ['det-90x75', 'detection'],
    ['cls-128x128', 'classification'],
  ] as const) {
    it.each(['wasm', 'cpu'])(`gives the published numbers after every block: ${name}, %s`, async (backend) => {
      expect(await setBackend(backend)).toBe(true);
      const fixture = loadFixture('swin-micro', name);
      const config = swinMicroConfig(semantics);
      const weights = swinMicroWeights();
      const images = nhwc(fixture, 'input') as Tensor4D;
      if (fixture.has('patch_embed')) {
        expectFixture(await embedPatches(weights, patchRows(images, 4)).data(), fixture.tensor('patch_embed'));
      }
      const outputs: Tensor[] = [];
      const runBlock: BlockRunner = (block, x, p) => {
        const y = block(x, p);
        outputs.push(y);
        return y;
      };
      const maps = encode(weights, config, images, { runBlock });
      for (let stage = 0, done = 0; stage < 4; stage++) {
        for (let block = 0; block < config.depths[stage]!; block++, done++) {
          const key = `stage${stage}.block${block}`;
          if (fixture.has(key)) expectFixture(await outputs[done]!.data(), fixture.tensor(key));
        }
        expectFixture(await outputs[done - 1]!.data(), fixture.tensor(`stage${stage}.out`));
        const normed = `stage${stage}.normed`;
        if (fixture.has(normed)) expectFixture(await maps[stage]!.data(), fixture.tensor(normed));
      }
    });
  }

  it('has the published gradients of all weights', async () => {
    const fixture = loadFixture('swin-micro', 'det-128x128');
    const expected = loadFixture('swin-micro', 'det-128x128.grads');
    const config = swinMicroConfig('detection');
    const weights = swinMicroWeights();
    const names = Object.keys(weights);
    const images = nhwc(fixture, 'input') as Tensor4D;
    const cotangents = [0, 1, 2, 3].map((stage) => {
      const { data, shape } = fixture.tensor(`cotangent${stage}`);
      return tensor(data as Float32Array, shape as number[]);
    });
    const loss = (...values: Tensor[]): Scalar => {
      const record = Object.fromEntries(names.map((name, i) => [name, values[i]!]));
      const maps = encode(record, config, images);
      return addN(maps.map((map, stage) => sum(mul(map, cotangents[stage]!)))) as Scalar;
    };
    const found = grads(loss)(names.map((name) => weights[name]!));
    let compared = 0;
    for (const theirs of expected.names) {
      const ours = ourName(theirs)!;
      const gradient = found[names.indexOf(ours)]!;
      const entry = expected.tensor(theirs);
      const data = ourLayout(ours, entry.data as Float32Array, entry.shape).dataSync() as Float32Array;
      expectFixture(await gradient.data(), { ...entry, data });
      compared++;
    }
    expect(compared).toBe(names.length);
  });
});

it('counts published parameters', () => {
  const count = (config: SwinConfig): number =>
    Object.entries(encoderSpecs(config))
      .filter(([name]) => !name.startsWith('encoder.outputNorms.'))
      .reduce((total, [, spec]) => total + spec.shape.reduce((a, b) => a * b, 1), 0);
  // Published totals of the ImageNet-1K classifiers less their last norm and 1,000-way layer.
  const classifier = (embed: number): number => 8 * embed * 1000 + 1000 + 16 * embed;
  expect(count(swinPresets.tiny)).toBe(28_288_354 - classifier(96));
  expect(count(swinPresets.small)).toBe(49_606_258 - classifier(96));
  expect(count(swinPresets.base)).toBe(87_768_224 - classifier(128));
  expect(count(swinPresets.large)).toBe(196_532_476 - classifier(192));
});

it('numbers layers from the patch embedding to the heads', () => {
  const config = swinPresets.nano;
  const ids = Object.keys(encoderSpecs(config)).map((name) => layerIdOf(name, config));
  expect(Math.min(...ids)).toBe(0);
  expect(Math.max(...ids)).toBe(layerCount(config));
  expect(layerIdOf('encoder.stages.0.blocks.0.norm1.gamma', config)).toBe(1);
  expect(layerIdOf('encoder.stages.2.blocks.1.mlp.fc1.kernel', config)).toBe(6);
  expect(layerIdOf('encoder.stages.1.merge.reduction.kernel', config)).toBe(4);
  expect(layerIdOf('encoder.outputNorms.3.beta', config)).toBe(10);
  expect(layerIdOf('decoder.norm.gamma', config)).toBe(11);
  expect(layerIdOf('heads.boxes.class.kernel', config)).toBe(11);
});
