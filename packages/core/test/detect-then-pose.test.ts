import '@tensorflow/tfjs-backend-cpu';
import { Random, type RgbImage } from '@glid/base';
import { syntheticScenes } from '@glid/data';
import { depth } from '@glid/head-depth';
import { detection } from '@glid/head-detection';
import { coco17, detectThenPose, personRegion, pose } from '@glid/head-pose';
import { expectClose } from '@glid/test-utils';
import {
  add,
  enableProdMode,
  randomUniform,
  reverse,
  setBackend,
  type Tensor,
  tensor3d,
  tidy,
} from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { createModel, headOf } from '../src/index.ts';
import { viewRegions } from '../src/model/preprocess.ts';
import { microConfig } from './micro.ts';

enableProdMode();

/** Weights far louder than a model starts with, so that heat maps have peaks and pictures matter. */
function stir(model: { parameters: Record<string, Tensor>; assign(p: Record<string, Tensor>): void }): void {
  const random = new Random(9);
  const loud = Object.entries(model.parameters).map(([name, t]) => {
    return [name, tidy(() => add(t, randomUniform(t.shape, -0.3, 0.3, 'float32', 1 + random.integer(1e6))))];
  });
  model.assign(Object.fromEntries(loud));
}

/** A quarter of the usual 256 x 192. */
const inputSize = [64, 48] as const;
let scene: RgbImage;

beforeAll(async () => {
  expect(await setBackend('cpu')).toBe(true);
  scene = await (await syntheticScenes({ length: 1, size: [96, 128], people: 1, seed: 5 }).get(0)).image();
});

// Untrained: where things are found is arbitrary, but where they lie in the picture has to be right.
it('finds people, then a body in each, in original pixels', async () => {
  const people = headOf(detection, { labels: ['person'], queries: 4, placedQueries: true });
  using finder = await createModel({ backbone: microConfig, heads: { people }, resize: { longest: 64 }, seed: 2 });
  // The finest cell alone, so that rounding does not move a joint.
  const body = headOf(pose, { ...coco17, decoding: 'argmax' });
  using poser = await createModel({ backbone: microConfig, heads: { body }, seed: 3 });
  stir(finder);
  stir(poser);
  const { people: found } = await finder.predict(scene);
  expect(found.detections).toHaveLength(4);

  for (const flipTest of [false, true]) {
    const options = { sampling: 'udp', resize: { longest: inputSize[0] }, flipTest } as const;
    const bodies = await detectThenPose(
      coco17,
      async () => found.detections,
      async (regions) => (await poser.predict(scene, { ...options, regions })).map(({ body }) => body),
      { threshold: 0, inputSize, oksThreshold: 2 },
    );
    expect(bodies).toHaveLength(4);
    expect(bodies.map(({ score }) => score)).toEqual(bodies.map(({ score }) => score).toSorted((a, b) => b - a));
    const pixels = tensor3d(Float32Array.from(scene.data), [scene.height, scene.width, 3]);
    for (const { box, joints, size } of bodies) {
      expect(size).toEqual([96, 128]);
      expect(joints.map(({ name }) => name)).toEqual(coco17.joints);
      const region = personRegion(box, inputSize);
      for (const { x, y } of joints) {
        expect(Math.abs(x - region.x - region.width / 2)).toBeLessThan(region.width);
        expect(Math.abs(y - region.y - region.height / 2)).toBeLessThan(region.height);
      }
      // The person cut out beforehand, and its joints carried back by hand.
      const [view] = viewRegions(pixels, [region], 'udp', options.resize);
      const { body } = await poser.predict(view!.pixels, { resize: {}, flipTest });
      const per = [region.width / (inputSize[1] - 1), region.height / (inputSize[0] - 1)] as const;
      body.joints.forEach((joint, j) => {
        expect(joints[j]!.x).toBeCloseTo(region.x + (joint.x - 0.5) * per[0], 3);
        expect(joints[j]!.y).toBeCloseTo(region.y + (joint.y - 0.5) * per[1], 3);
      });
    }
  }
});

it("depth of a test-time flip is the mean of the picture's and its mirror image's", async () => {
  using model = await createModel({
    backbone: microConfig,
    heads: { depth: headOf(depth, { bins: 8 }) },
    resize: { longest: 40 }, // 30 x 40: padded on both sides
  });
  stir(model);
  const image = tensor3d(Float32Array.from(scene.data), [96, 128, 3]);
  const { depth: both } = await model.predict(image, { flipTest: true });
  const { depth: straight } = await model.predict(image);
  const { depth: turned } = await model.predict(reverse(image, 1));
  const back = turned.depth.map((_, i) => turned.depth[Math.floor(i / 128) * 128 + 127 - (i % 128)]!);
  const mean = straight.depth.map((value, i) => (value + back[i]!) / 2);
  expectClose(both.depth, mean, 1e-4);
  expect(Math.max(...both.depth.map((d, i) => Math.abs(d - straight.depth[i]!)))).toBeGreaterThan(1e-5);
});
