import '@glid/ops/gradients';
import '@tensorflow/tfjs-backend-cpu';
import { Random } from '@glid/base';
import { initializeParameters } from '@glid/head-kit';
import { expectClose, expectFixture, type Fixture, hasShared, loadFixture, withoutShared } from '@glid/test-utils';
import {
  add,
  grads,
  mul,
  ones,
  randomNormal,
  reshape,
  type Scalar,
  setBackend,
  slice,
  split,
  stack,
  sub,
  sum,
  type Tensor,
  type Tensor2D,
  type Tensor3D,
  type Tensor4D,
  tensor,
  transpose,
  zeros,
} from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { nhwc } from '../../test/swin-fixture.ts';
import { applyLayerNorm } from '../parameters/layers.ts';
import { type ParameterRecord, parametersUnder } from '../parameters/records.ts';
import { decode } from './decode.ts';
import type { DecoderConfig } from './decoder-config.ts';
import { crossAttend, crossAttentionWeights, feedForward, type Memory, selfAttend } from './decoder-layer.ts';
import { decoderLayerSpecs, decoderSpecs } from './decoder-specs.ts';
import { memories } from './memories.ts';

beforeAll(async () => {
  expect(await setBackend('cpu')).toBe(true);
});

const raw = (fixture: Fixture, name: string): Tensor => {
  const { data, shape } = fixture.tensor(name);
  return tensor(Float32Array.from(data), shape as number[]);
};

/** Packed `[3C, C]` projections -> ours. Differentiable in the packed tensors, so that gradients can be compared. */
function attentionParameters(
  name: string,
  weight: Tensor,
  bias: Tensor,
  out: Tensor,
  outBias: Tensor,
): ParameterRecord {
  const [q, k, v] = split(transpose(weight), 3, 1);
  const [bq, bk, bv] = split(bias, 3, 0);
  return {
    [`${name}.query.kernel`]: q!,
    [`${name}.key.kernel`]: k!,
    [`${name}.value.kernel`]: v!,
    [`${name}.query.bias`]: bq!,
    [`${name}.key.bias`]: bk!,
    [`${name}.value.bias`]: bv!,
    [`${name}.output.kernel`]: transpose(out),
    [`${name}.output.bias`]: outBias,
  };
}

/** A layer of DETR's decoder under our names. */
function detrLayer(weights: Readonly<Record<string, Tensor>>, layer: number): ParameterRecord {
  const at = (name: string): Tensor => weights[`decoder.layers.${layer}.${name}`]!;
  const attention = (ours: string, theirs: string, norm: string): ParameterRecord => ({
    ...attentionParameters(
      ours,
      at(`${theirs}.in_proj_weight`),
      at(`${theirs}.in_proj_bias`),
      at(`${theirs}.out_proj.weight`),
      at(`${theirs}.out_proj.bias`),
    ),
    [`${ours}.norm.gamma`]: at(`${norm}.weight`),
    [`${ours}.norm.beta`]: at(`${norm}.bias`),
  });
  return {
    ...attention('selfAttention', 'self_attn', 'norm1'),
    ...attention('crossAttention', 'multihead_attn', 'norm2'),
    'feedForward.fc1.kernel': transpose(at('linear1.weight')),
    'feedForward.fc1.bias': at('linear1.bias'),
    'feedForward.fc2.kernel': transpose(at('linear2.weight')),
    'feedForward.fc2.bias': at('linear2.bias'),
    'feedForward.norm.gamma': at('norm3.weight'),
    'feedForward.norm.beta': at('norm3.bias'),
  };
}

describe.skipIf(!hasShared)(`published decoder: ${withoutShared}`, () => {
  it("gives DETR's numbers and gradients when its parts are put in DETR's order", async () => {
    const fixture = loadFixture('blocks', 'detr-post-relu');
    const { heads, dec_layers: layers } = fixture.config;
    const names = fixture.names.filter((name) => name.startsWith('decoder.'));
    const weights = Object.fromEntries(names.map((name) => [name, raw(fixture, name)]));
    const memory = nhwc(fixture, 'memory');
    const position = nhwc(fixture, 'pos');
    const [batch, height, width, channels] = memory.shape as [number, number, number, number];
    const flat = (t: Tensor): Tensor3D => reshape(t, [batch, height * width, channels]) as Tensor3D;
    const seen: Memory = {
      values: flat(memory),
      keys: flat(add(memory, position)),
      keyMask: sub(1, reshape(raw(fixture, 'mask'), [batch, height * width])) as Tensor2D,
    };
    const embed = raw(fixture, 'query_embed');
    const run = (record: Readonly<Record<string, Tensor>>, queries: Tensor): Tensor => {
      const place = reshape(queries, [1, queries.shape[0]!, queries.shape[1]!]) as Tensor3D;
      let x = zeros([batch, queries.shape[0]!, channels]) as Tensor3D;
      const outputs: Tensor3D[] = [];
      for (let layer = 0; layer < layers; layer++) {
        const own = detrLayer(record, layer);
        x = selfAttend(own, heads, x, place);
        x = crossAttend(own, heads, x, place, seen);
        x = feedForward(own, x);
        outputs.push(
          applyLayerNorm({ 'n.gamma': record['decoder.norm.weight']!, 'n.beta': record['decoder.norm.bias']! }, 'n', x),
        );
      }
      return stack(outputs);
    };
    expectFixture(await run(weights, embed).data(), fixture.tensor('hs'));
    const found = grads((...values: Tensor[]) => {
      const record = Object.fromEntries(names.map((name, i) => [name, values[i]!]));
      return sum(mul(run(record, values.at(-1)!), raw(fixture, 'cotangent'))) as Scalar;
    })([...names.map((name) => weights[name]!), embed]);
    for (let i = 0; i <= names.length; i++) {
      expectFixture(await found[i]!.data(), fixture.tensor(`grad:${names[i] ?? 'query_embed'}`));
    }
  });

  it('has the published attention weights', async () => {
    const fixture = loadFixture('blocks', 'mha-self');
    const parameters = attentionParameters(
      'crossAttention',
      raw(fixture, 'in_proj_weight'),
      raw(fixture, 'in_proj_bias'),
      raw(fixture, 'out_proj.weight'),
      raw(fixture, 'out_proj.bias'),
    );
    const seen: Memory = {
      values: raw(fixture, 'value') as Tensor3D,
      keys: raw(fixture, 'key') as Tensor3D,
      keyMask: sub(1, raw(fixture, 'key_padding_mask')) as Tensor2D,
    };
    const query = raw(fixture, 'query') as Tensor3D;
    const weights = crossAttentionWeights(parameters, fixture.config.heads, query, zeros([1, 1, 24]) as Tensor3D, seen);
    expectFixture(await weights.data(), fixture.tensor('weights'));
  });

  it('places keys by the published sine code, padding left out', async () => {
    const fixture = loadFixture('blocks', 'sine-position');
    const expected = nhwc(fixture, 'normalised');
    const [batch, height, width, channels] = expected.shape as [number, number, number, number];
    const levels = [8, 4, 2, 1].map((n) => zeros([batch, height * n, width * n, channels])) as Tensor4D[];
    levels[3] = zeros([batch, height, width, channels]) as Tensor4D;
    const mask = await sub(1, raw(fixture, 'mask')).data<'float32'>();
    const sizes = Array.from({ length: batch }, (_, b) => {
      const cell = (y: number, x: number): number => mask[(b * height + y) * width + x]!;
      const rows = Array.from({ length: height }, (_, y) => cell(y, 0)).reduce((a, c) => a + c, 0);
      const columns = Array.from({ length: width }, (_, x) => cell(0, x)).reduce((a, c) => a + c, 0);
      return [32 * rows, 32 * columns] as const;
    });
    const parameters = { 'decoder.levelEmbedding': zeros([3, channels]) };
    const [first] = memories(parameters, levels, sizes);
    const inside = tensor(mask, [batch, height * width, 1]);
    const got = mul(first!.keys, inside);
    const want = mul(reshape(expected, [batch, height * width, channels]), inside);
    expectClose(await got.data(), await want.data(), 2e-5);
    expect(await first!.keyMask!.data()).toEqual(mask);
  });
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
