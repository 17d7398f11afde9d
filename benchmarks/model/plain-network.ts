import type { Tensor, Tensor1D, Tensor2D, Tensor3D, Tensor4D } from '@tensorflow/tfjs-core';
import {
  add,
  addN,
  cos,
  depthwiseConv2d,
  div,
  fused,
  image,
  matMul,
  maxPool,
  mean,
  mul,
  relu,
  reshape,
  rsqrt,
  sigmoid,
  sin,
  slice,
  softmax,
  square,
  stack,
  sub,
  sum,
  tensor2d,
  tile,
  transpose,
} from '@tensorflow/tfjs-core';
import type { ModelConfig } from '../../packages/core/src/model/index.ts';
import { plainSwin } from '../swin/plain-swin.ts';

type Parameters = Readonly<Record<string, Tensor>>;

/**
 * The whole network, from pictures to decoded queries, as one writes it with TensorFlow.js's own operations: none of
 * `@glid/ops` is used. Sides must be whole windows in every stage.
 *
 * @returns the 1/4 map `[B, H/4, W/4, C]` and the queries after the last layer `[B, Q, C]`
 */
export function plainNetwork(
  p: Parameters,
  config: ModelConfig,
  images: Tensor4D,
  embedding: Tensor2D,
): { readonly pixels: Tensor4D; readonly queries: Tensor3D } {
  const maps = plainSwin(p, config.encoder, images, 'careful');
  const levels = neck(p, config, maps);
  return { pixels: dense(p, 'neck.pixels', levels[0]!) as Tensor4D, queries: decoder(p, config, levels, embedding) };
}

function dense(p: Parameters, name: string, x: Tensor): Tensor {
  const kernel = p[`${name}.kernel`] as Tensor2D;
  const rows = reshape(x, [-1, kernel.shape[0]]) as Tensor2D;
  const y = fused.matMul({ a: rows, b: kernel, bias: p[`${name}.bias`]! });
  return reshape(y, [...x.shape.slice(0, -1), kernel.shape[1]]);
}

function layerNorm(p: Parameters, name: string, x: Tensor): Tensor {
  const centred = sub(x, mean(x, -1, true));
  const scale = rsqrt(add(mean(square(centred), -1, true), 1e-5));
  return add(mul(mul(centred, scale), p[`${name}.gamma`]!), p[`${name}.beta`]!);
}

function groupNorm(p: Parameters, name: string, x: Tensor4D, groups: number): Tensor4D {
  const [batch, height, width, channels] = x.shape;
  const parts = reshape(x, [batch, height * width, groups, channels / groups]);
  const centred = sub(parts, mean(parts, [1, 3], true));
  const scale = rsqrt(add(mean(square(centred), [1, 3], true), 1e-5));
  return add(mul(reshape(mul(centred, scale), x.shape), p[`${name}.gamma`]!), p[`${name}.beta`]!) as Tensor4D;
}

function neck(p: Parameters, config: ModelConfig, inputs: readonly Tensor4D[]): Tensor4D[] {
  let maps = [...inputs];
  for (let cell = 0; cell < config.neck.cells; cell++) {
    const node = (
      name: string,
      level: number,
      sources: readonly (readonly [index: number, map: Tensor4D, level: number])[],
    ): Tensor4D => {
      const at = `neck.cells.${cell}.${name}.${level}`;
      const resampled = sources.map(([index, map, from]) => {
        const input = `${at}.inputs.${index}`;
        const own = `${input}.projection.kernel` in p;
        const x = own
          ? groupNorm(p, `${input}.norm`, dense(p, `${input}.projection`, map) as Tensor4D, config.neck.groups)
          : map;
        if (from === level) return x;
        const [, height, width] = inputs[level]!.shape;
        return from > level ? image.resizeNearestNeighbor(x, [height, width]) : maxPool(x, 3, 2, 1, 'floor');
      });
      const positive = relu(p[`${at}.weights`]!) as Tensor1D;
      const total = add(sum(positive), 1e-4);
      const fusedMap = addN(resampled.map((x, i) => mul(x, div(slice(positive, [i], [1]), total))));
      const active = mul(fusedMap, sigmoid(fusedMap)) as Tensor4D;
      const mixed = depthwiseConv2d(active, p[`${at}.depthwise.kernel`] as Tensor4D, 1, 'same');
      return groupNorm(p, `${at}.norm`, dense(p, `${at}.pointwise`, mixed) as Tensor4D, config.neck.groups);
    };
    const [p2, p3, p4, p5] = maps as [Tensor4D, Tensor4D, Tensor4D, Tensor4D];
    const t4 = node('topDown', 2, [
      [2, p4, 2],
      [3, p5, 3],
    ]);
    const t3 = node('topDown', 1, [
      [1, p3, 1],
      [4, t4, 2],
    ]);
    const t2 = node('topDown', 0, [
      [0, p2, 0],
      [5, t3, 1],
    ]);
    const b3 = node('bottomUp', 1, [
      [1, p3, 1],
      [5, t3, 1],
      [6, t2, 0],
    ]);
    const b4 = node('bottomUp', 2, [
      [2, p4, 2],
      [4, t4, 2],
      [7, b3, 1],
    ]);
    maps = [
      t2,
      b3,
      b4,
      node('bottomUp', 3, [
        [3, p5, 3],
        [8, b4, 2],
      ]),
    ];
  }
  return maps;
}

function decoder(
  p: Parameters,
  { decoder: config }: ModelConfig,
  levels: readonly Tensor4D[],
  embedding: Tensor2D,
): Tensor3D {
  const [batch, , , channels] = levels[0]!.shape;
  const count = embedding.shape[0];
  const memory = [3, 2, 1].map((level, i) => {
    const [, height, width] = levels[level]!.shape;
    const own = slice(p['decoder.levelEmbedding']!, [i, 0], [1, channels]);
    const values = add(reshape(levels[level]!, [batch, height * width, channels]), own);
    return { values, keys: add(values, sinePosition(height, width, channels)) };
  });
  const attend = (name: string, q: Tensor, k: Tensor, v: Tensor): Tensor => {
    const width = channels / config.heads;
    const split = (part: string, x: Tensor): Tensor4D =>
      transpose(reshape(dense(p, `${name}.${part}`, x), [batch, -1, config.heads, width]), [0, 2, 1, 3]);
    const weights = softmax(mul(matMul(split('query', q), split('key', k), false, true), width ** -0.5));
    const mixed = transpose(matMul(weights, split('value', v)) as Tensor4D, [0, 2, 1, 3]);
    return dense(p, `${name}.output`, reshape(mixed, [batch, -1, channels]));
  };
  const place = reshape(embedding, [1, count, channels]);
  let x: Tensor = tile(add(place, p['queries.cls']!), [batch, 1, 1]);
  for (let layer = 0; layer < config.layers; layer++) {
    const at = `decoder.layers.${layer}`;
    const { keys, values } = memory[layer % 3]!;
    x = layerNorm(p, `${at}.crossAttention.norm`, add(x, attend(`${at}.crossAttention`, add(x, place), keys, values)));
    const placed = add(x, place);
    x = layerNorm(p, `${at}.selfAttention.norm`, add(x, attend(`${at}.selfAttention`, placed, placed, x)));
    const hidden = relu(dense(p, `${at}.feedForward.fc1`, x));
    x = layerNorm(p, `${at}.feedForward.norm`, add(x, dense(p, `${at}.feedForward.fc2`, hidden)));
  }
  return layerNorm(p, 'decoder.norm', x) as Tensor3D;
}

function sinePosition(height: number, width: number, channels: number): Tensor {
  const half = channels / 2;
  const code = (length: number): Tensor2D => {
    const angles = mul(
      tensor2d(
        Array.from({ length }, (_, i) => ((i + 1) / (length + 1e-6)) * 2 * Math.PI),
        [length, 1],
      ),
      tensor2d(
        Array.from({ length: half / 2 }, (_, k) => 10000 ** ((-2 * k) / half)),
        [1, half / 2],
      ),
    );
    return reshape(stack([sin(angles), cos(angles)], 2), [length, half]);
  };
  const rows = tile(reshape(code(height), [height, 1, half]), [1, width, 1]);
  const columns = tile(reshape(code(width), [1, width, half]), [height, 1, 1]);
  return reshape(stack([rows, columns], 2), [1, height * width, channels]);
}
