import '@glid/ops/gradients';
import '@tensorflow/tfjs-backend-cpu';
import { GlidError, Random } from '@glid/base';
import { expectClose } from '@glid/test-utils';
import {
  add,
  grads,
  memory,
  mul,
  ones,
  profile,
  randomUniform,
  type Scalar,
  setBackend,
  sub,
  type Tensor,
  type Tensor3D,
  tensor3d,
  tidy,
} from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, expectTypeOf, it } from 'vitest';
import { microConfig } from '../../test/micro.ts';
import { fieldMap, tags } from '../../test/toy-heads.ts';
import { fromBytes, loadWeights, saveWeights } from '../weights/index.ts';
import { createModel } from './create-model.ts';
import { decodeHead, forwardFeatures, forwardHead } from './forward.ts';
import { headOf } from './head-recipe.ts';
import { type ModelConfig, modelPresets, resolveModelConfig } from './model-config.ts';
import { preprocess } from './preprocess.ts';

beforeAll(async () => {
  expect(await setBackend('cpu')).toBe(true);
});

const labels = ['cat', 'dog', 'hen', 'cow'];
const heads = { animals: headOf(tags, { labels }), field: headOf(fieldMap, {}) };
const build = (seed = 1) => createModel({ backbone: microConfig, heads, seed, resize: { longest: 48 } });
const picture = (height: number, width: number, seed = 1): Tensor3D =>
  randomUniform([height, width, 3], 0, 255, 'float32', seed);

/** All weights louder than they start, the embeddings apart: so that small mistakes show. */
function stir(model: { parameters: Record<string, Tensor>; assign(p: Record<string, Tensor>): void }): void {
  const random = new Random(9);
  const loud = Object.entries(model.parameters).map(([name, t]) => {
    const noise = tidy(() => mul(randomUniform(t.shape, -1, 1, 'float32', 1 + random.integer(1e6)), 0.3));
    return [name, tidy(() => add(t, noise))];
  });
  model.assign(Object.fromEntries(loud));
}

describe('predict', () => {
  it('gives typed results for the heads that are asked, and one list entry a picture', async () => {
    using model = await build();
    const image = picture(40, 60);
    const all = await model.predict(image);
    expectTypeOf(all.animals.scores).toEqualTypeOf<{ readonly [label: string]: number }>();
    expectTypeOf(all.field.data).toEqualTypeOf<Float32Array>();
    expect(Object.keys(all.animals.scores)).toEqual(labels);
    expect(all.field).toMatchObject({ height: 8, width: 12 });
    const one = await model.predict([image, image], { heads: ['animals'] });
    expectTypeOf(one[0]!).toEqualTypeOf<{ readonly animals: (typeof all)['animals'] }>();
    expect(one).toHaveLength(2);
    expect(one[1]).toEqual({ animals: all.animals });
    const scaled = await model.predict(image, { heads: ['animals'], options: { animals: { scale: 2 } } });
    expect(scaled.animals.scores.cat).toBeCloseTo(2 * all.animals.scores.cat!, 6);
    // @ts-expect-error no such head
    await expect(model.predict(image, { heads: ['plants'] })).rejects.toMatchObject({ code: 'GLID_USAGE' });
    // @ts-expect-error no such option
    await model.predict(image, { options: { animals: { colour: 2 } } });
    await expect(model.predict([])).resolves.toEqual([]);
  });

  it('gives the same numbers packed and sequential', async () => {
    using model = await build();
    stir(model);
    const image = picture(40, 60);
    const packed = await model.predict(image, { decoding: 'packed' });
    const sequential = await model.predict(image, { decoding: 'sequential' });
    expectClose(Object.values(packed.animals.scores), Object.values(sequential.animals.scores), 1e-5);
    expectClose(packed.field.data, sequential.field.data, 1e-4);
  });

  it('gives a batch of mixed sizes what single pictures give', async () => {
    using model = await build();
    stir(model);
    const images = [picture(40, 60, 1), picture(90, 31, 2), picture(48, 48, 3), picture(7, 48, 4)];
    const together = await model.predict(images);
    for (const [i, image] of images.entries()) {
      const alone = await model.predict(image);
      expectClose(Object.values(together[i]!.animals.scores), Object.values(alone.animals.scores), 2e-5);
      const size = Math.max(...alone.field.data.map(Math.abs));
      expectClose(together[i]!.field.data, alone.field.data, 2e-5 * Math.max(1, size));
    }
  });

  it('runs encoder and neck once for any number of heads', async () => {
    using model = await createModel({
      backbone: microConfig,
      heads: { ...heads, more: headOf(tags, { labels }), again: headOf(tags, { labels: ['x'] }) },
      resize: { longest: 48 },
    });
    const image = picture(48, 48);
    await model.predict(image);
    const launches = async (keys: ('animals' | 'field' | 'more' | 'again')[], decoding: 'packed' | 'sequential') => {
      const { kernels } = await profile(async () => {
        const before = memory().numTensors;
        await model.predict(image, { heads: keys, decoding });
        expect(memory().numTensors).toBe(before);
        return [] as Tensor[];
      });
      for (const { name, inputShapes } of kernels) {
        if (name === 'Transpose') expect(inputShapes[0]!.length, 'slow above rank 4').toBeLessThanOrEqual(4);
      }
      const count = (name: string) => kernels.filter((kernel) => kernel.name === name).length;
      // Depthwise convolutions are the neck's alone; erf is the encoder's MLP alone.
      return { total: kernels.length, neck: count('DepthwiseConv2dNative'), encoder: count('Erf') };
    };
    const one = await launches(['animals'], 'sequential');
    const four = await launches(['animals', 'field', 'more', 'again'], 'sequential');
    const packed = await launches(['animals', 'field', 'more', 'again'], 'packed');
    expect(one.neck).toBe(6 * microConfig.neck.cells);
    expect(one.encoder).toBe(5);
    for (const several of [four, packed]) expect(several).toMatchObject({ neck: one.neck, encoder: one.encoder });
    expect(packed.total).toBeLessThan(four.total);
    expect(four.total).toBeLessThan(2.5 * one.total);
  });

  it('keeps memory constant over 1,000 predictions', async () => {
    const tiny: ModelConfig = {
      encoder: { ...microConfig.encoder, embed: 4, depths: [1, 1, 1, 1], heads: [1, 1, 1, 1], window: 2 },
      neck: { width: 4, cells: 1, groups: 1, pixelsFrom: 'neck' },
      decoder: { layers: 1, heads: 1, ffn: 4 },
    };
    using model = await createModel({ backbone: tiny, heads: { animals: headOf(tags, { labels }) }, resize: {} });
    const whole = { width: 32, height: 32, data: new Uint8Array(3072).fill(7) };
    const padded = { width: 8, height: 8, data: new Uint8Array(192).fill(7) };
    await model.predict([whole, padded]);
    await model.predict(whole);
    await model.predict(padded);
    const before = memory();
    for (let i = 0; i < 1000; i++) await (i % 10 === 0 ? model.predict([whole, padded]) : model.predict(whole));
    const after = memory();
    expect(after.numTensors).toBe(before.numTensors);
    expect(after.numBytes).toBe(before.numBytes);
  }, 300_000);

  it('refuses bad pictures and stops when told, without leaving tensors', async () => {
    using model = await build();
    const image = picture(32, 32);
    await model.predict(image);
    const empty = tensor3d([], [0, 4, 3]);
    const nan = tensor3d(new Float32Array(48).fill(Number.NaN), [4, 4, 3]);
    const before = memory().numTensors;
    for (const bad of [nan, empty, { width: 1, height: 1, data: new Uint8Array(2) }]) {
      await expect(model.predict(bad as Tensor3D)).rejects.toMatchObject({ code: 'GLID_IMAGE' });
      await expect(model.predict([image, bad as Tensor3D])).rejects.toMatchObject({ code: 'GLID_IMAGE' });
    }
    await expect(model.predict(image, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'GLID_ABORTED' });
    const stop = new AbortController();
    const pending = model.predict([image, image], { signal: stop.signal });
    stop.abort();
    await expect(pending).rejects.toMatchObject({ code: 'GLID_ABORTED' });
    await expect(model.predict(image, { resize: { longest: 0.5 } })).rejects.toMatchObject({ code: 'GLID_CONFIG' });
    expect(memory().numTensors).toBe(before);
    expect(image.isDisposed).toBe(false);
  });

  it('shows what queries look at', async () => {
    using model = await build();
    const maps = await model.attention(picture(40, 48), 'animals');
    expect(maps.map((map) => map.shape)).toEqual([
      [2, 4, 2, 2],
      [2, 4, 4, 4],
      [2, 4, 8, 8],
    ]);
    for (const { data, shape } of maps) {
      const cells = shape[2] * shape[3];
      for (let i = 0; i < 8; i++)
        expect(data.subarray(i * cells, (i + 1) * cells).reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5);
    }
    // 40 of 64 rows are picture: 5 of 8 rows of the 1/8 map.
    expect(maps[2]!.data.subarray(5 * 8, 64).every((w) => w === 0)).toBe(true);
  });
});

it('frees its parameters, once, by either name', async () => {
  const before = memory().numTensors;
  {
    using model = await build();
    expect(Object.keys(model.parameters)).toEqual(Object.keys(model.specs));
    model.dispose();
    await expect(model.predict(picture(8, 8))).rejects.toMatchObject({ code: 'GLID_USAGE' });
  }
  const image = memory().numTensors - before;
  expect(image).toBe(1); // the picture made above
  await expect(createModel({ backbone: microConfig, heads: { 'a.b': heads.field } })).rejects.toMatchObject({
    code: 'GLID_CONFIG',
  });
  await expect(createModel({ backbone: 'huge' as never })).rejects.toThrow(/nano, tiny/);
  // Another version of the interface is noticed before anything of such a head is called.
  const never = (): never => {
    throw new Error('must not be called');
  };
  const newer = Object.assign(never, { id: '@acme/hair', specificationVersion: 'v2' }) as unknown as typeof fieldMap;
  await expect(createModel({ backbone: microConfig, heads: { hair: headOf(newer, {}) } })).rejects.toMatchObject({
    code: 'GLID_SPEC_VERSION',
    fix: 'Run `npm install @glid/core@latest @glid/head-kit@latest`.',
  });
});

it('hands the kernels of linear layers, and nothing else, to a backend that stores 16-bit floats', async () => {
  using model = await build();
  const seen: Tensor[] = [];
  const plain = { name: 'fake', description: '', dispose: async () => {} };
  const storing = { ...plain, storeHalf: async (matrices: readonly Tensor[]) => void seen.push(...matrices) };
  expect(await model.storeHalf(storing)).toBe(true);
  const names = Object.keys(model.parameters).filter((name) => seen.includes(model.parameters[name]!));
  expect(names).toHaveLength(seen.length);
  expect(names).toContain('encoder.stages.0.blocks.0.mlp.fc1.kernel');
  expect(names).toContain('heads.field.embedding.kernel');
  expect(names.filter((name) => !name.endsWith('.kernel') || name.includes('patchEmbed'))).toEqual([]);
  expect(await model.storeHalf(plain)).toBe(false);
});

it('starts the same for the same seed, and adds heads without disturbing the core', async () => {
  using one = await build(3);
  using same = await createModel({
    backbone: microConfig,
    heads: { field: heads.field },
    seed: 3,
    pretrain: { unit: 16 },
  });
  for (const name of [
    'encoder.patchEmbed.kernel',
    'decoder.layers.2.selfAttention.key.kernel',
    'queries.cls',
    'heads.field.embedding.kernel',
  ]) {
    expect(await same.parameters[name]!.data(), name).toEqual(await one.parameters[name]!.data());
  }
  expect(same.pretrain).toMatchObject({ unit: 16, ratio: 0.75 });
  expect(same.parameters['pretrain.pixels.kernel']!.shape).toEqual([16, 768]);
});

it('loads a pre-trained checkpoint: only the head and e_i are new', async () => {
  using pretrained = await createModel({ backbone: microConfig, pretrain: { unit: 16 }, seed: 5 });
  const { files } = await saveWeights(pretrained.parameters, { metadata: pretrained.describe({ steps: 1 }) });
  const source = fromBytes(new Map(files.map(({ name, bytes }) => [name, bytes])));
  const reports: unknown[] = [];
  using model = await createModel({
    backbone: microConfig,
    heads: { animals: heads.animals },
    weights: source,
    onLoad: (report) => reports.push(report),
  });
  expect(reports).toHaveLength(1);
  expect(reports[0]).toMatchObject({
    initialised: ['queries.animals.embedding', 'heads.animals.score.kernel', 'heads.animals.score.bias'],
    leftOver: ['pretrain.pixels.bias', 'pretrain.pixels.kernel', 'queries.maskToken'],
  });
  expect(await model.parameters['encoder.patchEmbed.kernel']!.data()).toEqual(
    await pretrained.parameters['encoder.patchEmbed.kernel']!.data(),
  );
  const saved = await loadWeights(source);
  using neckOnly = await createModel({
    backbone: microConfig,
    weights: saved,
    load: { groups: ['encoder', 'neck'] },
    seed: 6,
  });
  expect(await neckOnly.parameters['neck.pixels.kernel']!.data()).toEqual(
    await pretrained.parameters['neck.pixels.kernel']!.data(),
  );
  expect(await neckOnly.parameters['queries.cls']!.data()).not.toEqual(
    await pretrained.parameters['queries.cls']!.data(),
  );
  const otherWindow = { ...microConfig, encoder: { ...microConfig.encoder, window: 5 } };
  using windowed = await createModel({
    backbone: otherWindow,
    weights: saved,
    onLoad: ({ initialised, resized }) => {
      expect(initialised).toEqual([]);
      expect(resized.map(({ from, to }) => [from, to])).toEqual(Array(5).fill([4, 5]));
    },
  });
  expect(windowed.parameters['encoder.stages.0.blocks.0.attention.relativePositionTable']!.shape).toEqual([81, 1]);
  const tensors = memory().numTensors;
  const wider = { ...microConfig, neck: { ...microConfig.neck, width: 20, groups: 5 } };
  await expect(createModel({ backbone: wider, weights: saved })).rejects.toBeInstanceOf(GlidError);
  expect(memory().numTensors).toBe(tensors);
  expect(() => model.assign({ 'queries.cls': ones([3]) })).toThrow(/needs \[16\]/);
});

it('answers alike while e_i = 0, and breaks the symmetry in a few steps', async () => {
  using model = await build();
  const { config, parameters } = model;
  const head = model.heads.animals;
  const { images } = preprocess([picture(32, 32)], {}, 32);
  const outputs = async (): Promise<number[][]> =>
    tidy(
      () =>
        decodeHead(parameters, config, 'animals', head, forwardFeatures(parameters, config, images)).queries.at(-1)!,
    )
      .array()
      .then((rows) => rows[0]!);
  const start = await outputs();
  for (let i = 1; i < 4; i++) expectClose(start[i]!, start[0]!, 1e-6);

  const names = Object.keys(parameters).filter((name) => !/neck\.pixels|\.field\./.test(name));
  const targets = [{ tags: { data: Float32Array.of(1, -1, 0.5, 2), shape: [4, 1] } }];
  for (let step = 0; step < 3; step++) {
    const next = tidy(() => {
      const found = grads((...values: Tensor[]) => {
        const record = { ...parameters, ...Object.fromEntries(names.map((name, i) => [name, values[i]!])) };
        const raw = forwardHead(record, config, 'animals', head, forwardFeatures(record, config, images));
        return head.doLoss(raw as never, targets as never, undefined, {} as never).total as Scalar;
      })(names.map((name) => parameters[name]!));
      return Object.fromEntries(names.map((name, i) => [name, sub(parameters[name]!, mul(found[i]!, 0.05))]));
    });
    model.assign(next);
  }
  const embedding = (await parameters['queries.animals.embedding']!.array()) as number[][];
  const after = await outputs();
  for (let i = 0; i < 4; i++) {
    for (let j = 0; j < i; j++) {
      const apart = (a: number[], b: number[]): number => Math.hypot(...a.map((x, k) => x - b[k]!));
      expect(apart(embedding[i]!, embedding[j]!)).toBeGreaterThan(1e-5);
      expect(apart(after[i]!, after[j]!)).toBeGreaterThan(1e-5);
    }
  }
});

it('offers the published sizes', () => {
  expect(Object.keys(modelPresets)).toEqual(['nano', 'tiny', 'small', 'base', 'large']);
  expect(modelPresets.nano.neck).toMatchObject({ width: 128, cells: 2 });
  expect(modelPresets.nano.decoder).toEqual({ layers: 6, heads: 8, ffn: 512 });
});

it('makes pictures 128 px long for networks of nano width, 512 px for wider ones, whether named or described', async () => {
  using named = await createModel({ backbone: 'nano' });
  using described = await createModel({ backbone: modelPresets.nano });
  using wide = await createModel({ backbone: { ...microConfig, neck: { ...microConfig.neck, width: 256 } } });
  expect([named, described, wide].map(({ resize }) => resize.longest)).toEqual([128, 128, 512]);
});

it.each([null, {}, { encoder: {} }, { ...modelPresets.nano, neck: undefined }, 7])(
  'refuses %j as a backbone',
  (backbone) => {
    expect(() => resolveModelConfig(backbone as unknown as ModelConfig)).toThrow(
      expect.objectContaining({ code: 'GLID_CONFIG' }),
    );
  },
);
