import type { AnyHead, HeadFactory, Random } from '@glid/head-kit';
import type { HeadFixture } from '@glid/head-kit/testing';
import type { dense } from './dense.ts';
import type { matched } from './matched.ts';
import type { normals } from './normals.ts';

type HeadOf<F> = F extends HeadFactory<infer _C, infer H, infer _I> ? H : AnyHead;
type InputOf<F> = F extends HeadFactory<infer _C, infer _H, infer I> ? I : never;

export const denseFixture: HeadFixture<InputOf<typeof dense>, HeadOf<typeof dense>> = {
  config: { labels: ['sky', 'road', 'tree'] },
  invalidConfigs: [{}, { labels: [] }, { labels: ['a', 'a'] }, { labels: ['a'], queries: 0 }],
  makeTarget: (height, width, random: Random) => {
    const split = random.integer(width);
    const data = Int32Array.from({ length: height * width }, (_, i) =>
      i % width < split ? 0 : 1 + (Math.floor(i / width / 8) % 2),
    );
    return { classes: { data, shape: [height, width] } };
  },
  perfectResult: ({ classes }, { originalSize }) => ({ size: originalSize, data: Uint8Array.from(classes.data) }),
};

export const matchedFixture: HeadFixture<InputOf<typeof matched>, HeadOf<typeof matched>> = {
  config: { labels: ['cat', 'dog'] },
  invalidConfigs: [{}, { labels: [] }, { labels: ['a', 'a'] }, { labels: ['a'], queries: 1.5 }],
  makeTarget: (height, width, random: Random) => {
    const boxes = [0, 1, 2].flatMap(() => {
      const [x, y] = [random.uniform(0, width / 2), random.uniform(0, height / 2)];
      return [x, y, x + random.uniform(4, width / 2), y + random.uniform(4, height / 2)];
    });
    return {
      boxes: { data: Float32Array.from(boxes), shape: [3, 4] },
      classes: { data: Int32Array.from([0, 1, random.integer(2)]), shape: [3] },
    };
  },
  options: { threshold: 0 },
  perfectResult: ({ boxes, classes }) =>
    [...classes.data].map((k, i) => ({
      label: ['cat', 'dog'][k]!,
      score: 1,
      box: [...boxes.data.subarray(i * 4, i * 4 + 4)] as unknown as readonly [number, number, number, number],
    })),
};

export const normalsFixture: HeadFixture<InputOf<typeof normals>, HeadOf<typeof normals>> = {
  config: {},
  invalidConfigs: [{ axes: 3 }],
  makeTarget: (height, width, random: Random) => {
    const [x, y] = [random.uniform(-1, 1), random.uniform(-1, 1)];
    const plane = height * width;
    const data = Float32Array.from({ length: 3 * plane }, (_, i) => [x, y, 1][Math.floor(i / plane)]!);
    return { normals: { data, shape: [3, height, width] } };
  },
  perfectResult: ({ normals: { data } }, { originalSize }) => ({
    size: originalSize,
    data: Float32Array.from(data, (_, i) => data[(i % 3) * (data.length / 3) + Math.floor(i / 3)]!),
  }),
  mirrorValues: ({ size, data }) => ({ size, data: data.map((v, i) => (i % 3 === 0 ? -v : v)) }),
};
