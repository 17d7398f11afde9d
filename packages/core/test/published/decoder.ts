import { expectClose, expectFixture, type Fixture, loadFixture } from '@glid/test-utils';
import {
  grads,
  mul,
  reshape,
  type Scalar,
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
  zerosLike,
} from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import {
  crossAttend,
  crossAttentionWeights,
  feedForward,
  type Memory,
  selfAttend,
} from '../../src/decoder/decoder-layer.ts';
import { memories } from '../../src/decoder/memories.ts';
import { applyLayerNorm } from '../../src/parameters/layers.ts';
import type { ParameterRecord } from '../../src/parameters/records.ts';
import { nhwc } from './swin-weights.ts';

/** The parts of the decoder against DETR's and PyTorch's numbers, on the active backend. */
export function decoderCases(): void {
  it("decoder layers: DETR's numbers and gradients when their parts are put in DETR's order", async () => {
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
      position: flat(position),
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

  it('attention weights', async () => {
    const fixture = loadFixture('blocks', 'mha-self');
    const parameters = attentionParameters(
      'crossAttention',
      raw(fixture, 'in_proj_weight'),
      raw(fixture, 'in_proj_bias'),
      raw(fixture, 'out_proj.weight'),
      raw(fixture, 'out_proj.bias'),
    );
    const seen: Memory = {
      values: raw(fixture, 'key') as Tensor3D,
      position: zerosLike(raw(fixture, 'key')) as Tensor3D,
      keyMask: sub(1, raw(fixture, 'key_padding_mask')) as Tensor2D,
    };
    const query = raw(fixture, 'query') as Tensor3D;
    const weights = crossAttentionWeights(parameters, fixture.config.heads, query, zerosLike(query), seen);
    expectFixture(await weights.data(), fixture.tensor('weights'));
  });

  it('keys are placed by the published sine code, padding left out', async () => {
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
    const got = mul(first!.position, inside);
    const want = mul(reshape(expected, [batch, height * width, channels]), inside);
    expectClose(await got.data(), await want.data(), 2e-5);
    expect(await first!.keyMask!.data()).toEqual(mask);
  });
}

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
