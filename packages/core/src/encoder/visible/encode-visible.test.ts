import '@glid/ops/gradients';
import '@tensorflow/tfjs-backend-cpu';
import { Random } from '@glid/base';
import { initializeParameters } from '@glid/head-kit';
import { expectClose } from '@glid/test-utils';
import {
  add,
  grads,
  mul,
  randomNormal,
  type Scalar,
  setBackend,
  sum,
  type Tensor,
  type Tensor4D,
  tidy,
} from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { drawDropPath } from '../drop-path.ts';
import { encode } from '../encode.ts';
import type { SwinConfig } from '../swin-config.ts';
import { encoderSpecs } from '../swin-specs.ts';
import type { GridMask } from '../validity.ts';
import { encodeVisible } from './encode-visible.ts';
import { visibleTokens } from './visible-tokens.ts';

const micro: SwinConfig = {
  embed: 8,
  depths: [2, 2, 2, 1],
  heads: [1, 2, 4, 4],
  window: 4,
  mlpRatio: 2,
  dropPath: 0,
  semantics: 'detection',
};

/** Larger than the trained 0.02, so that position tables and attention matter. */
function weights(config: SwinConfig): Record<string, Tensor> {
  const loud = Object.entries(encoderSpecs(config)).map(([name, spec]) => [
    name,
    { ...spec, init: { kind: 'truncatedNormal', std: name.includes('norm') ? 1 : 0.3 } as const },
  ]);
  return initializeParameters(Object.fromEntries(loud), new Random(3));
}

function units(batch: number, rows: number, columns: number, keep: number, seed = 1): GridMask {
  const data = new Float32Array(batch * rows * columns);
  const random = new Random(seed);
  for (let b = 0; b < batch; b++) {
    const order = random.permutation(rows * columns);
    for (let i = 0; i < keep; i++) data[b * rows * columns + order[i]!] = 1;
  }
  return { data, shape: [batch, rows, columns] };
}

beforeAll(async () => {
  expect(await setBackend('cpu')).toBe(true);
});

const cases = [
  { title: 'unit 16 in windows of 4', unit: 16, rows: 4, columns: 4, keep: 4, window: 4 },
  { title: 'unit 32, grids that are no multiple of the window', unit: 32, rows: 3, columns: 2, keep: 2, window: 5 },
  { title: 'unit 8, one visible unit', unit: 8, rows: 8, columns: 4, keep: 1, window: 4 },
  { title: 'everything visible', unit: 16, rows: 4, columns: 6, keep: 24, window: 4 },
];

describe('visible tokens grouped = full grid with hidden keys', () => {
  for (const semantics of ['detection', 'classification'] as const) {
    for (const { title, unit, rows, columns, keep, window } of cases) {
      it(`${title}, ${semantics}`, async () => {
        const config = { ...micro, window, semantics };
        const parameters = weights(config);
        const images = randomNormal([2, rows * unit, columns * unit, 3], 0, 1, 'float32', 5) as Tensor4D;
        const stages = visibleTokens(units(2, rows, columns, keep), unit);
        const grouped = encodeVisible(parameters, config, images, stages);
        const dense = encode(parameters, config, images, { visible: stages.map((stage) => stage.mask) });
        for (let stage = 0; stage < 4; stage++) {
          expect(grouped[stage]!.shape).toEqual(dense[stage]!.shape);
          expectClose(await grouped[stage]!.data(), await dense[stage]!.data(), 2e-5, `stage ${stage}`);
        }
        if (keep === rows * columns) {
          const plain = encode(parameters, config, images);
          expectClose(await grouped[3]!.data(), await plain[3]!.data(), 2e-5, 'unmasked');
        }
      });
    }
  }
});

it('has the gradients of the full grid', async () => {
  const parameters = weights(micro);
  const names = Object.keys(parameters);
  const images = randomNormal([2, 64, 64, 3], 0, 1, 'float32', 5) as Tensor4D;
  const stages = visibleTokens(units(2, 4, 4, 4), 16);
  const probes = stages.map(({ mask }, s) => randomNormal([...mask.shape, 8 * 2 ** s], 0, 1, 'float32', s + 1));
  const gradients = (maps: (p: Record<string, Tensor>) => readonly Tensor4D[]): Tensor[] =>
    tidy(() =>
      grads((...values: Tensor[]) => {
        const found = maps(Object.fromEntries(names.map((name, i) => [name, values[i]!])));
        return found.map((map, s) => sum(mul(map, probes[s]!))).reduce((a, b) => add(a, b)) as Scalar;
      })(names.map((name) => parameters[name]!)),
    );
  const grouped = gradients((p) => encodeVisible(p, micro, images, stages));
  const dense = gradients((p) => encode(p, micro, images, { visible: stages.map((stage) => stage.mask) }));
  for (let i = 0; i < names.length; i++) {
    const expected = await dense[i]!.data<'float32'>();
    const scale = expected.reduce((most, g) => Math.max(most, Math.abs(g)), 0);
    expectClose(await grouped[i]!.data(), expected, Math.max(1e-4, 2e-5 * scale), names[i]);
  }
});

it('drops the same branches as the full grid', async () => {
  const config = { ...micro, dropPath: 0.5 };
  const parameters = weights(config);
  const images = randomNormal([3, 64, 64, 3], 0, 1, 'float32', 5) as Tensor4D;
  const stages = visibleTokens(units(3, 4, 4, 4), 16);
  const dropPath = drawDropPath(config, 3, new Random(6));
  expect(dropPath.some(({ attention, mlp }) => [...attention, ...mlp].includes(0))).toBe(true);
  const grouped = encodeVisible(parameters, config, images, stages, undefined, dropPath);
  const dense = encode(parameters, config, images, { visible: stages.map((stage) => stage.mask), dropPath });
  const kept = encodeVisible(parameters, config, images, stages);
  for (let stage = 0; stage < 4; stage++) {
    expectClose(await grouped[stage]!.data(), await dense[stage]!.data(), 2e-5, `stage ${stage}`);
    expect(await grouped[stage]!.data()).not.toEqual(await kept[stage]!.data());
  }
});

it('never reads a hidden pixel', async () => {
  const parameters = weights(micro);
  const mask = units(1, 4, 4, 4);
  const stages = visibleTokens(mask, 16);
  const images = randomNormal([1, 64, 64, 3], 0, 1, 'float32', 5) as Tensor4D;
  const changed = (await images.data()).slice();
  for (let y = 0; y < 64; y++) {
    for (let x = 0; x < 64; x++) {
      if (mask.data[(y >> 4) * 4 + (x >> 4)] === 0)
        changed.fill(y === x ? Number.NaN : 9, (y * 64 + x) * 3, (y * 64 + x) * 3 + 3);
    }
  }
  const { tensor4d } = await import('@tensorflow/tfjs-core');
  const before = encodeVisible(parameters, micro, images, stages);
  const after = encodeVisible(parameters, micro, tensor4d(changed, [1, 64, 64, 3]), stages);
  for (let s = 0; s < 4; s++) expect(await after[s]!.data()).toEqual(await before[s]!.data());
});
