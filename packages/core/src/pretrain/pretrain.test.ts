import '@glid/ops/gradients';
import '@tensorflow/tfjs-backend-cpu';
import { Random } from '@glid/base';
import { applyLinear, initializeParameters } from '@glid/head-kit';
import { expectClose } from '@glid/test-utils';
import {
  memory,
  randomNormal,
  type Scalar,
  setBackend,
  slice,
  type Tensor,
  type Tensor3D,
  type Tensor4D,
  tensor,
  tensor4d,
  tidy,
  valueAndGrads,
} from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { microConfig } from '../../test/micro.ts';
import { decode, memories } from '../decoder/index.ts';
import { encode, visibleTokens } from '../encoder/index.ts';
import { coreSpecs } from '../model/index.ts';
import { neck } from '../neck/index.ts';
import { forwardPretrain, pretrainLoss } from './forward-pretrain.ts';
import { drawMask, type MaskDraw } from './mask-draw.ts';
import { maskQueries } from './mask-queries.ts';
import { normalizedRows, pixelTargets } from './pixel-targets.ts';
import { checkPretrainConfig, type PretrainConfig, pretrainDefaults } from './pretrain-config.ts';
import { pretrainSpecs } from './pretrain-specs.ts';

beforeAll(async () => {
  expect(await setBackend('cpu')).toBe(true);
});

const config: PretrainConfig = { ...pretrainDefaults, unit: 16 };

function parametersFor(pretrain: PretrainConfig = config): Record<string, Tensor> {
  const specs = { ...coreSpecs(microConfig), ...pretrainSpecs(pretrain, microConfig) };
  const loud = Object.entries(specs).map(([name, spec]) => {
    const isLinear = spec.init.kind === 'truncatedNormal';
    return [name, isLinear ? { ...spec, init: { kind: 'truncatedNormal', std: 0.3 } as const } : spec];
  });
  return initializeParameters(Object.fromEntries(loud), new Random(5));
}

const pictures = (batch = 2, side = 64, seed = 1): Tensor4D =>
  randomNormal([batch, side, side, 3], 0, 1, 'float32', seed);

function answers(p: Record<string, Tensor>, images: Tensor4D, draw: MaskDraw, pretrain = config): Tensor3D {
  return tidy(() => forwardPretrain(p, microConfig, pretrain, images, draw));
}

describe('the mask', () => {
  it('keeps floor(L (1 - ratio)) units of every picture, all equally often', () => {
    for (const [side, unit, ratio, visible] of [
      [224, 32, 0.75, 12],
      [224, 32, 0.5, 24],
      [128, 16, 0.75, 16],
      [64, 16, 0.6, 6],
    ] as const) {
      const { units, hidden, count } = drawMask({ unit, ratio }, [3, side, side], new Random(1));
      const total = (side / unit) ** 2;
      expect(count).toBe(total - visible);
      for (let b = 0; b < 3; b++) {
        const own = units.data.subarray(b * total, (b + 1) * total);
        expect(own.reduce((a, c) => a + c, 0)).toBe(visible);
        const places = [...hidden.subarray(b * count, (b + 1) * count)];
        expect(places).toEqual([...own.keys()].filter((i) => own[i] === 0));
      }
    }
    const often = new Float64Array(16);
    const random = new Random(2);
    const draws = 2000;
    for (let i = 0; i < draws; i++) {
      const { units } = drawMask({ unit: 16, ratio: 0.75 }, [1, 64, 64], random);
      units.data.forEach((v, j) => {
        often[j]! += v;
      });
    }
    // 4 of 16 visible: mean 500, deviation below 20.
    expect(Math.min(...often)).toBeGreaterThan(400);
    expect(Math.max(...often)).toBeLessThan(600);
  });

  it('is the same for the same seed and refuses what cannot be masked', () => {
    const draw = (seed: number): MaskDraw => drawMask(config, [2, 64, 64], new Random(seed));
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1).hidden).not.toEqual(draw(2).hidden);
    expect(() => drawMask(config, [1, 60, 64], new Random(1))).toThrow(/whole mask units/);
    expect(() => drawMask({ unit: 32, ratio: 0.9 }, [1, 64, 64], new Random(1))).toThrow(/0 of 4/);
    expect(() => checkPretrainConfig({ ...config, unit: 12 })).toThrow(/impossible/);
    expect(() => checkPretrainConfig({ ...config, ratio: 1 })).toThrow(/impossible/);
  });
});

describe('targets', () => {
  it('are pixels in (row, column, channel) order', async () => {
    const images = tensor4d(
      Float32Array.from({ length: 2 * 8 * 8 * 3 }, (_, i) => i),
      [2, 8, 8, 3],
    );
    const draw: MaskDraw = {
      units: { data: new Float32Array([0, 1, 1, 0, 1, 0, 0, 1]), shape: [2, 2, 2] },
      hidden: Int32Array.from([0, 3, 1, 2]),
      count: 2,
    };
    const values = await pixelTargets(images, { unit: 4, target: 'raw' }, draw).data();
    const at = (b: number, y: number, x: number, c: number): number => ((b * 8 + y) * 8 + x) * 3 + c;
    expect(values.length).toBe(2 * 2 * 48);
    expect(values[0]).toBe(at(0, 0, 0, 0));
    expect(values[5 * 3 + 2]).toBe(at(0, 1, 1, 2));
    expect(values[48]).toBe(at(0, 4, 4, 0));
    expect(values[2 * 48]).toBe(at(1, 0, 4, 0));
    expect(values[3 * 48 + 47]).toBe(at(1, 7, 3, 2));
  });

  it('of 0, 1, 2, 5 are -0.92582, -0.46291, 0, 1.38873', async () => {
    const values = await normalizedRows(tensor([0, 1, 2, 5], [1, 1, 4]) as Tensor3D).data();
    expectClose(values, [-0.92582, -0.46291, 0, 1.38873], 5e-6);
  });

  it('are normalised with the unbiased variance', async () => {
    const values = Float32Array.from({ length: 48 }, (_, i) => Math.sin(i) * 3 + 1);
    const draw: MaskDraw = {
      units: { data: new Float32Array(1), shape: [1, 1, 1] },
      hidden: new Int32Array(1),
      count: 1,
    };
    const got = await pixelTargets(tensor4d(values, [1, 4, 4, 3]), { unit: 4, target: 'normalized' }, draw).data();
    const mean = values.reduce((a, b) => a + b, 0) / 48;
    const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / 47;
    expectClose(
      got,
      values.map((v) => (v - mean) / Math.sqrt(variance + 1e-6)),
      1e-6,
    );
  });
});

describe('the queries', () => {
  it('are CLS without a place, then the mask token at the centre of each hidden unit', async () => {
    const parameters = parametersFor();
    const draw: MaskDraw = {
      units: { data: new Float32Array([0, 1, 1, 1, 0, 1]), shape: [1, 3, 2] },
      hidden: Int32Array.from([4, 0]),
      count: 2,
    };
    const { content, position } = maskQueries(parameters, draw);
    expect(content.shape).toEqual([1, 3, 16]);
    const [cls, first, second] = (await content.array())[0]!;
    expectClose(cls!, await parameters['queries.cls']!.data(), 0);
    for (const query of [first!, second!]) expectClose(query, await parameters['queries.maskToken']!.data(), 0);
    const code = (at: number): number[] =>
      Array.from({ length: 8 }, (_, k) => {
        const angle = (at * 2 * Math.PI) / 10000 ** ((2 * Math.floor(k / 2)) / 8);
        return k % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
      });
    const places = (await position.array())[0]!;
    expectClose(places[0]!, new Array(16).fill(0), 0);
    expectClose(places[1]!, [...code(2.5 / 3), ...code(0.25)], 1e-5); // unit 4: row 2 of 3, column 0 of 2
    expectClose(places[2]!, [...code(0.5 / 3), ...code(0.25)], 1e-5);
  });
});

describe('the answers', () => {
  it('are those of the full grid with hidden cells zeroed and attended by nobody', async () => {
    const parameters = parametersFor();
    const images = pictures();
    const draw = drawMask(config, [2, 64, 64], new Random(1));
    const visible = visibleTokens(draw.units, config.unit).map((stage) => stage.mask);
    const maps = encode(parameters, microConfig.encoder, images, { visible });
    const memory = memories(parameters, neck(parameters, microConfig.neck, maps), null, visible);
    for (const { keyMask } of memory) expect(keyMask).toBeDefined();
    const { queries } = decode(parameters, microConfig.decoder, maskQueries(parameters, draw), memory);
    const expected = applyLinear(parameters, 'pretrain.pixels', slice(queries.at(-1)!, [0, 1, 0], [-1, 12, -1]));
    expectClose(await answers(parameters, images, draw).data(), await expected.data(), 1e-5);
  });

  it('are bit-equal when hidden pixels change', async () => {
    const parameters = parametersFor();
    const draw = drawMask(config, [2, 64, 64], new Random(1));
    const images = pictures();
    const changed = (await images.data<'float32'>()).slice();
    for (let i = 0; i < changed.length; i++) {
      const pixel = Math.floor(i / 3);
      const [b, y, x] = [Math.floor(pixel / 4096), Math.floor(pixel / 64) % 64, pixel % 64];
      if (draw.units.data[b * 16 + (y >> 4) * 4 + (x >> 4)] === 0) changed[i] = 100 * Math.sin(i);
    }
    const before = answers(parameters, images, draw);
    const after = answers(parameters, tensor4d(changed, [2, 64, 64, 3]), draw);
    expect(before.shape).toEqual([2, 12, 768]);
    expect(await after.data()).toEqual(await before.data());
  });

  it('depend on visible pixels', async () => {
    const parameters = parametersFor();
    const draw = drawMask(config, [2, 64, 64], new Random(1));
    const [a, b] = [answers(parameters, pictures(), draw), answers(parameters, pictures(2, 64, 2), draw)];
    expect(await a.data()).not.toEqual(await b.data());
  });

  it('are permuted with the mask queries, and N follows the ratio', async () => {
    const parameters = parametersFor();
    const images = pictures();
    const draw = drawMask(config, [2, 64, 64], new Random(1));
    const reversed = {
      ...draw,
      hidden: Int32Array.from([...draw.hidden.slice(0, 12).reverse(), ...draw.hidden.slice(12).reverse()]),
    };
    const [plain, turned] = [
      await answers(parameters, images, draw).array(),
      await answers(parameters, images, reversed).array(),
    ];
    for (let b = 0; b < 2; b++) {
      for (let i = 0; i < 12; i++) expectClose(turned[b]![11 - i]!, plain[b]![i]!, 1e-5);
    }
    for (const [ratio, count] of [
      [0.5, 8],
      [0.9, 15],
    ] as const) {
      const other = drawMask({ unit: 16, ratio }, [2, 64, 64], new Random(1));
      expect(answers(parameters, images, other).shape).toEqual([2, count, 768]);
    }
  });

  it('come from all pixels but the replaced patches with a mask token', async () => {
    const pretrain = { ...config, encoderInput: 'maskToken', target: 'raw' } as const;
    const parameters = parametersFor(pretrain);
    expect(parameters['pretrain.patchToken']!.shape).toEqual([microConfig.encoder.embed]);
    const draw = drawMask(config, [1, 64, 64], new Random(1));
    const images = pictures(1);
    const changed = (await images.data<'float32'>()).slice();
    for (let i = 0; i < changed.length; i++) {
      const [y, x] = [Math.floor(i / 192), Math.floor(i / 3) % 64];
      if (draw.units.data[(y >> 4) * 4 + (x >> 4)] === 0) changed[i] = -5;
    }
    const before = answers(parameters, images, draw, pretrain);
    const after = answers(parameters, tensor4d(changed, [1, 64, 64, 3]), draw, pretrain);
    expect(await after.data()).toEqual(await before.data());
  });
});

it('has a loss whose gradient reaches everything but what has no part in it, and leaves no tensors', async () => {
  const parameters = parametersFor();
  // The 1/4 map f^b has no reader in pre-training.
  const names = Object.keys(parameters).filter((name) => !name.startsWith('neck.pixels.'));
  const images = pictures();
  const draw = drawMask(config, [2, 64, 64], new Random(1));
  const step = (): { value: Scalar; grads: Tensor[] } =>
    tidy(() =>
      valueAndGrads((...values: Tensor[]) => {
        const record = { ...parameters, ...Object.fromEntries(names.map((name, i) => [name, values[i]!])) };
        return pretrainLoss(forwardPretrain(record, microConfig, config, images, draw), images, config, draw)
          .total as Scalar;
      })(names.map((name) => parameters[name]!)),
    );
  const first = step();
  expect(Number.isFinite((await first.value.data())[0])).toBe(true);
  const silent: string[] = [];
  for (let i = 0; i < names.length; i++) {
    const gradient = await first.grads[i]!.data<'float32'>();
    expect(gradient.every(Number.isFinite), names[i]).toBe(true);
    if (gradient.every((g) => g === 0)) silent.push(names[i]!);
  }
  // A bias of keys adds the same to all logits of a query, which softmax does not see; rounding may leave a trace of it.
  expect(silent.filter((name) => !name.includes('.key.bias'))).toEqual([]);
  for (const tensor of [first.value, ...first.grads]) tensor.dispose();
  const before = memory().numTensors;
  const second = step();
  for (const tensor of [second.value, ...second.grads]) tensor.dispose();
  expect(memory().numTensors).toBe(before);
});
