import '@tensorflow/tfjs-backend-cpu';
import { Random } from '@glid/base';
import { initializeParameters } from '@glid/head-kit';
import { expectClose } from '@glid/test-utils';
import {
  ones,
  randomNormal,
  reshape,
  setBackend,
  slice,
  stack,
  sum,
  type Tensor,
  type Tensor3D,
  type Tensor4D,
  zeros,
} from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { applyLayerNorm } from '../parameters/layers.ts';
import { parametersUnder } from '../parameters/records.ts';
import { decode } from './decode.ts';
import type { DecoderConfig } from './decoder-config.ts';
import { crossAttend, feedForward, selfAttend } from './decoder-layer.ts';
import { decoderLayerSpecs, decoderSpecs } from './decoder-specs.ts';
import { memories } from './memories.ts';

beforeAll(async () => {
  expect(await setBackend('cpu')).toBe(true);
});

const config: DecoderConfig = { layers: 6, heads: 2, ffn: 24 };
const width = 8;

function loud(layers = 6): Record<string, Tensor> {
  const specs = Object.entries(decoderSpecs({ ...config, layers }, width)).map(([name, spec]) => [
    name,
    { ...spec, init: { kind: 'truncatedNormal', std: 0.6 } as const },
  ]);
  return initializeParameters(Object.fromEntries(specs), new Random(4));
}

const maps = (seed: number): Tensor4D[] =>
  [8, 4, 2, 1].map((n, i) => randomNormal([2, n, n, width], 0, 1, 'float32', seed + i)) as Tensor4D[];

const queries = {
  content: randomNormal([2, 5, width], 0, 1, 'float32', 1) as Tensor3D,
  position: ones([1, 5, width]) as Tensor3D,
};

it('works cross, self, feed-forward, and looks at 1/32, 1/16, 1/8 in turn', async () => {
  for (const layers of [3, 6, 9]) {
    const parameters = loud(layers);
    const seen = memories(parameters, maps(1));
    const { queries: outputs, attention } = decode(parameters, { ...config, layers }, queries, seen, {
      attention: true,
    });
    expect(outputs.map((output) => output.shape)).toEqual(Array.from({ length: layers }, () => [2, 5, width]));
    expect(attention.map((map) => map.shape[3])).toEqual(Array.from({ length: layers }, (_, i) => [1, 4, 16][i % 3]));
    expectClose(await sum(attention[1]!, -1).data(), await ones([2, 2, 5]).data(), 1e-6);
  }
  const parameters = loud();
  const seen = memories(parameters, maps(1));
  const own = parametersUnder(parameters, 'decoder.layers.0.', Object.keys(decoderLayerSpecs(config, width)));
  let x = crossAttend(own, 2, queries.content, queries.position, seen[0]!);
  x = feedForward(own, selfAttend(own, 2, x, queries.position));
  const first = decode(parameters, config, queries, seen).queries[0]!;
  expectClose(await first.data(), await applyLayerNorm(parameters, 'decoder.norm', x).data(), 0);
});

it('gives equal answers to equal queries, and permuted answers to permuted queries', async () => {
  const parameters = loud();
  const seen = memories(parameters, maps(1));
  const last = decode(parameters, config, queries, seen).queries.at(-1)!;
  const flip = (t: Tensor3D): Tensor3D =>
    stack(
      [4, 3, 2, 1, 0].map((i) => reshape(slice(t, [0, i, 0], [2, 1, width]), [2, width])),
      1,
    ) as Tensor3D;
  const flipped = decode(parameters, config, { ...queries, content: flip(queries.content) }, seen).queries.at(-1)!;
  expectClose(await flipped.data(), await flip(last).data(), 1e-5);
  const same = { content: ones([2, 3, width]) as Tensor3D, position: zeros([1, 3, width]) as Tensor3D };
  const answers = decode(parameters, config, same, seen).queries.at(-1)!;
  const part = (i: number): Tensor => slice(answers, [0, i, 0], [2, 1, width]);
  expectClose(await part(1).data(), await part(0).data(), 1e-6);
});

it('does not see padding', async () => {
  const parameters = loud();
  const sizes = [
    [40, 64],
    [64, 20],
  ] as const;
  const big = [16, 8, 4, 2].map((n, i) => randomNormal([2, n, n, width], 0, 1, 'float32', 30 + i)) as Tensor4D[];
  const last = decode(parameters, config, queries, memories(parameters, big, sizes)).queries.at(-1)!;
  for (let i = 0; i < 2; i++) {
    const [h, w] = sizes[i]!;
    const own = big.map((map, level) => {
      const stride = 4 << level;
      return slice(map, [i, 0, 0, 0], [1, Math.ceil(h / stride), Math.ceil(w / stride), width]);
    });
    const content = slice(queries.content, [i, 0, 0], [1, 5, width]);
    const alone = decode(parameters, config, { ...queries, content }, memories(parameters, own)).queries.at(-1)!;
    expectClose(await slice(last, [i, 0, 0], [1, 5, width]).data(), await alone.data(), 2e-5);
  }
});
