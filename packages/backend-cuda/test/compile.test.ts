import '@tensorflow/tfjs-backend-cpu';
import {
  add,
  enableProdMode,
  memory,
  randomUniform,
  setBackend,
  type Tensor3D,
  tidy,
  zeros,
} from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createModel } from '../../core/src/model/create-model.ts';
import { headOf } from '../../core/src/model/head-recipe.ts';
import { microConfig } from '../../core/test/micro.ts';
import { fieldMap, tags } from '../../core/test/toy-heads.ts';
import { type Simulated, simulatedBackend } from './simulated-backend.ts';
import { withoutCompiler } from './simulator.ts';

enableProdMode();

const heads = { animals: headOf(tags, { labels: ['cat', 'dog'] }), field: headOf(fieldMap, {}) };
const build = () => createModel({ backbone: microConfig, heads, seed: 3, resize: {} });
const picture = (height: number, width: number, seed: number): Tensor3D =>
  randomUniform([height, width, 3], 0, 255, 'float32', seed);

describe.skipIf(withoutCompiler)('model.compile on the simulator (needs g++)', () => {
  let simulated: Simulated;
  beforeAll(async () => {
    simulated = await simulatedBackend();
  });
  afterAll(() => simulated.dispose());

  it('replays encoder, neck and both heads as one launch, bit for bit as predict', async () => {
    const model = await build();
    const fast = await model.compile({ shape: [1, 64, 64] });
    expect(fast.recorded).toBe(true);
    expect(fast.nodes).toHaveLength(1);
    expect(fast.nodes[0]).toBeGreaterThan(100);
    for (const seed of [1, 2]) {
      const image = picture(64, 64, seed);
      const expected = await model.predict(image);
      const before = simulated.backend.launches();
      const got = await fast.predict(image);
      // Normalisation of the picture, two launches, and the graph.
      expect(simulated.backend.launches() - before).toBeLessThanOrEqual(4);
      expect(got).toEqual(expected);
    }
    // Two at a time: results are copied out of the graph before the other overwrites them.
    const images = [picture(64, 64, 3), picture(64, 64, 4)] as const;
    const both = await Promise.all(images.map((image) => fast.predict(image)));
    expect(both).toEqual([await model.predict(images[0]), await model.predict(images[1])]);
    fast.dispose();
    model.dispose();
  });

  it('pictures that do not fill the shape, several shapes, other weights', async () => {
    const model = await build();
    const fast = await model.compile({ shape: [2, 64, 96] });
    const small = await model.compile({ shape: [1, 32, 32], heads: ['field'] });
    const images = [picture(64, 96, 1), picture(64, 48, 2)];
    expect(await fast.predict(images)).toEqual(await model.predict(images));
    expect(fast.nodes).toHaveLength(2);
    const tiny = picture(32, 32, 5);
    expect(await small.predict(tiny)).toEqual(await model.predict(tiny, { heads: ['field'] }));
    const name = 'heads.animals.score.bias';
    model.assign({ [name]: tidy(() => add(zeros(model.parameters[name]!.shape), 7)) });
    const changed = await fast.predict(images);
    expect(changed).toEqual(await model.predict(images));
    expect(fast.nodes).toHaveLength(1);
    await expect(fast.predict([images[0]!])).rejects.toMatchObject({ code: 'GLID_SHAPE' });
    await expect(model.compile({ shape: [0, 64, 64] })).rejects.toMatchObject({ code: 'GLID_CONFIG' });
    for (const compiled of [fast, small]) compiled.dispose();
    model.dispose();
  });

  it('keeps four graphs, and gives all memory back when it is disposed', async () => {
    const model = await build();
    const image = picture(64, 64, 1);
    await model.predict(image);
    const [inUse, { numTensors }] = [simulated.backend.bytesInUse(), memory()];
    const reserved = simulated.backend.bytesReserved();
    const fast = await model.compile({ shape: [1, 64, 64] });
    const held = simulated.backend.bytesInUse() - inUse;
    expect(held).toBeGreaterThan(0);
    expect(simulated.backend.bytesReserved()).toBeGreaterThan(reserved + held);
    for (const width of [64, 56, 48, 40, 32]) {
      const narrow = picture(64, width, 1);
      await fast.predict(narrow);
      narrow.dispose();
    }
    expect(fast.nodes).toHaveLength(4);
    fast.dispose();
    fast.dispose();
    expect(simulated.backend.bytesInUse() - inUse).toBeLessThan(2 ** 16);
    expect(memory().numTensors - numTensors).toBeLessThan(16);
    model.dispose();
    await expect(fast.predict(image)).rejects.toMatchObject({ code: 'GLID_USAGE' });
  });

  it('computes as predict, and says so, where the backend records nothing', async () => {
    expect(await setBackend('cpu')).toBe(true);
    const model = await build();
    const image = picture(32, 32, 1);
    const fast = await model.compile({ shape: [1, 32, 32] });
    expect(fast.recorded).toBe(false);
    expect(await fast.predict(image)).toEqual(await model.predict(image));
    expect(fast.nodes).toEqual([]);
    fast.dispose();
    model.dispose();
    expect(await setBackend('cuda')).toBe(true);
  });
});
