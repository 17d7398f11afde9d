import { expectFixture, type Fixture, loadFixture } from '@glid/test-utils';
import { addN, grads, mul, type Scalar, sum, type Tensor, type Tensor4D, tensor } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { type BlockRunner, encode } from '../../src/encoder/encode.ts';
import { encoderSpecs } from '../../src/encoder/index.ts';
import { embedPatches, patchRows } from '../../src/encoder/patch-embed.ts';
import { nhwc, ourLayout, ourName, swinMicroConfig, swinMicroWeights } from './swin-weights.ts';

/** The published Swin on the active backend: forward after every block in both semantics, and the gradients of all weights. */
export function swinCases(): void {
  it('has parameters of the published shapes and no others', () => {
    const specs = encoderSpecs(swinMicroConfig('detection'));
    const weights = swinMicroWeights();
    expect(Object.keys(weights).sort()).toEqual(Object.keys(specs).sort());
    for (const [name, spec] of Object.entries(specs)) expect(weights[name]!.shape, name).toEqual(spec.shape);
  });

  it.each([
    ['det-128x128', 'detection'],
    ['det-92x76', 'detection'],
    ['det-90x75', 'detection'],
    ['cls-128x128', 'classification'],
  ] as const)('Swin, every block: %s', async (name, semantics) => {
    const fixture = loadFixture('swin-micro', name);
    const config = swinMicroConfig(semantics);
    const weights = swinMicroWeights();
    const images = nhwc(fixture, 'input') as Tensor4D;
    const expectNumbers = expecting(fixture);
    if (fixture.has('patch_embed')) {
      await expectNumbers(embedPatches(weights, patchRows(images, 4)), 'patch_embed');
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
        if (fixture.has(key)) await expectNumbers(outputs[done]!, key);
      }
      await expectNumbers(outputs[done - 1]!, `stage${stage}.out`);
      const normed = `stage${stage}.normed`;
      if (fixture.has(normed)) await expectNumbers(maps[stage]!, normed);
    }
  });

  it('Swin, the gradients of all weights', async () => {
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
    for (const theirs of expected.names) {
      const ours = ourName(theirs)!;
      const entry = expected.tensor(theirs);
      const data = (await ourLayout(ours, entry.data as Float32Array, entry.shape).data()) as Float32Array;
      expectFixture(await found[names.indexOf(ours)]!.data(), { ...entry, data });
    }
    expect(expected.names.length).toBe(names.length);
  });
}

function expecting(fixture: Fixture): (got: Tensor, name: string) => Promise<void> {
  return async (got, name) => expectFixture(await got.data(), fixture.tensor(name));
}
