import type { Tensor, Tensor1D, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';
import {
  add,
  concat,
  conv2d,
  erf,
  fused,
  gather,
  matMul,
  moments,
  mul,
  reshape,
  rsqrt,
  slice,
  softmax,
  sub,
  tensor,
  tensor1d,
  transpose,
} from '@tensorflow/tfjs-core';
import type { SwinConfig } from '../../packages/core/src/encoder/index.ts';

type Parameters = Readonly<Record<string, Tensor>>;

/**
 * Swin as one writes it from the paper with TensorFlow.js's own operations, over the same parameters as the encoder of
 * `@glid/core`: no operation of `@glid/ops` is used.
 *
 * `style`: 'textbook' keeps the 5- and 6-dimensional permutations of the usual formulation; 'careful' avoids everything above
 * four axes, which TensorFlow.js's wasm backend runs slowly.
 */
export function plainSwin(
  parameters: Parameters,
  config: SwinConfig,
  images: Tensor4D,
  style: 'textbook' | 'careful',
): Tensor4D[] {
  const at = (name: string): Tensor => parameters[`encoder.${name}`]!;
  let x = conv2d(images, at('patchEmbed.kernel') as Tensor4D, 4, 'valid');
  x = norm(add(x, at('patchEmbed.bias')) as Tensor4D, at('patchEmbed.norm.gamma'), at('patchEmbed.norm.beta'));
  const outputs: Tensor4D[] = [];
  for (let stage = 0; stage < 4; stage++) {
    for (let block = 0; block < config.depths[stage]!; block++) {
      const own = (name: string): Tensor => at(`stages.${stage}.blocks.${block}.${name}`);
      const shift = block % 2 === 1 ? Math.floor(config.window / 2) : 0;
      x = swinBlock(x, own, config.heads[stage]!, config.window, shift, style);
    }
    outputs.push(norm(x, at(`outputNorms.${stage}.gamma`), at(`outputNorms.${stage}.beta`)));
    if (stage === 3) break;
    const merge = (name: string): Tensor => at(`stages.${stage}.merge.${name}`);
    x = dense(norm(squares(x), merge('norm.gamma'), merge('norm.beta')), merge('reduction.kernel') as Tensor2D);
  }
  return outputs;
}

function norm<T extends Tensor>(x: T, gamma: Tensor, beta: Tensor): T {
  const { mean, variance } = moments(x, -1, true);
  return add(mul(mul(sub(x, mean), rsqrt(add(variance, 1e-5))), gamma), beta) as T;
}

function dense<T extends Tensor>(x: T, kernel: Tensor2D, bias?: Tensor1D): T {
  const rows = reshape(x, [-1, kernel.shape[0]]) as Tensor2D;
  const y = bias === undefined ? matMul(rows, kernel) : fused.matMul({ a: rows, b: kernel, bias });
  return reshape(y, [...x.shape.slice(0, -1), kernel.shape[1]]) as Tensor as T;
}

function roll(x: Tensor4D, by: number, axis: 1 | 2): Tensor4D {
  const size = x.shape[axis];
  const first = (by + size) % size;
  const part = (begin: number, length: number): Tensor4D => {
    const from = [0, 0, 0, 0];
    const sizes = [...x.shape];
    from[axis] = begin;
    sizes[axis] = length;
    return slice(x, from, sizes) as Tensor4D;
  };
  return concat([part(first, size - first), part(0, first)], axis);
}

function swinBlock(
  x: Tensor4D,
  own: (name: string) => Tensor,
  heads: number,
  window: number,
  shift: number,
  style: 'textbook' | 'careful',
): Tensor4D {
  const [batch, height, , channels] = x.shape;
  const across = height / window;
  const n = window * window;
  let y = norm(x, own('norm1.gamma'), own('norm1.beta'));
  if (shift > 0) y = roll(roll(y, shift, 1), shift, 2);
  const windows = reshape(partition(y, window, style), [batch * across * across, n, channels]);
  const qkv = dense(windows, own('attention.qkv.kernel') as Tensor2D, own('attention.qkv.bias') as Tensor1D);
  const [q, k, v] = style === 'textbook' ? splitTextbook(qkv, heads) : splitCareful(qkv, heads);
  const depth = channels / heads;
  let logits = matMul(mul(q!, depth ** -0.5), k!, false, true);
  const index = relativeIndex(window);
  const bias = reshape(gather(own('attention.relativePositionTable'), index), [1, n, n, heads]);
  logits = add(logits, transpose(bias, [0, 3, 1, 2]));
  if (shift > 0) {
    const mask = shiftMask(height, window, shift);
    const apart = reshape(logits, [batch, across * across, heads, n, n]);
    logits = reshape(add(apart, mask), logits.shape);
  }
  const mixed = transpose(matMul(softmax(logits), v!) as Tensor4D, [0, 2, 1, 3]);
  const projected = dense(
    reshape(mixed, [batch * across * across, n, channels]),
    own('attention.projection.kernel') as Tensor2D,
    own('attention.projection.bias') as Tensor1D,
  );
  let z = unpartition(projected, x.shape, window, style);
  if (shift > 0) z = roll(roll(z, -shift, 1), -shift, 2);
  const sum = add(x, z) as Tensor4D;
  const hidden = gelu(
    dense(
      norm(sum, own('norm2.gamma'), own('norm2.beta')),
      own('mlp.fc1.kernel') as Tensor2D,
      own('mlp.fc1.bias') as Tensor1D,
    ),
  );
  return add(sum, dense(hidden, own('mlp.fc2.kernel') as Tensor2D, own('mlp.fc2.bias') as Tensor1D)) as Tensor4D;
}

function gelu<T extends Tensor>(x: T): T {
  return mul(mul(x, 0.5), add(1, erf(mul(x, Math.SQRT1_2)))) as T;
}

function partition(x: Tensor4D, window: number, style: 'textbook' | 'careful'): Tensor {
  const [batch, height, width, channels] = x.shape;
  const [rows, columns] = [height / window, width / window];
  if (style === 'textbook') {
    return transpose(reshape(x, [batch, rows, window, columns, window, channels]), [0, 1, 3, 2, 4, 5]);
  }
  return transpose(reshape(x, [batch * rows, window, columns, window * channels]), [0, 2, 1, 3]);
}

function unpartition(x: Tensor, shape: readonly number[], window: number, style: 'textbook' | 'careful'): Tensor4D {
  const [batch, height, width, channels] = shape as [number, number, number, number];
  const [rows, columns] = [height / window, width / window];
  const back =
    style === 'textbook'
      ? transpose(reshape(x, [batch, rows, columns, window, window, channels]), [0, 1, 3, 2, 4, 5])
      : transpose(reshape(x, [batch * rows, columns, window, window * channels]), [0, 2, 1, 3]);
  return reshape(back, [batch, height, width, channels]);
}

function splitTextbook(qkv: Tensor, heads: number): Tensor[] {
  const [count, n, triple] = qkv.shape as [number, number, number];
  const depth = triple / 3 / heads;
  const parts = transpose(reshape(qkv, [count, n, 3, heads, depth]), [2, 0, 3, 1, 4]);
  return [0, 1, 2].map((i) =>
    reshape(slice(parts, [i, 0, 0, 0, 0], [1, count, heads, n, depth]), [count, heads, n, depth]),
  );
}

function splitCareful(qkv: Tensor, heads: number): Tensor[] {
  const [count, n, triple] = qkv.shape as [number, number, number];
  const channels = triple / 3;
  return [0, 1, 2].map((i) => {
    const part = slice(qkv, [0, 0, i * channels], [count, n, channels]);
    return transpose(reshape(part, [count, n, heads, channels / heads]), [0, 2, 1, 3]);
  });
}

/** Squares of four tokens side by side, in the order (0,0), (1,0), (0,1), (1,1) of (row, column). */
function squares(x: Tensor4D): Tensor4D {
  const [batch, height, width, channels] = x.shape;
  const bands = reshape(x, [(batch * height) / 2, 2, width, channels]);
  return reshape(transpose(bands, [0, 2, 1, 3]), [batch, height / 2, width / 2, 4 * channels]);
}

function relativeIndex(window: number): Tensor1D {
  return tensor1d(relativeIndexValues(window), 'int32');
}

/** Row of the position table for every pair of positions in a window. */
export function relativeIndexValues(window: number): Int32Array {
  const n = window * window;
  return Int32Array.from({ length: n * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    const dy = Math.floor(i / window) - Math.floor(j / window) + window - 1;
    const dx = (i % window) - (j % window) + window - 1;
    return dy * (2 * window - 1) + dx;
  });
}

function shiftMask(side: number, window: number, shift: number): Tensor {
  const across = side / window;
  const n = window * window;
  return tensor(shiftMaskValues(side, window, shift), [1, across * across, 1, n, n]);
}

/** -100 between positions of different regions of the rolled map: `[windows, n, n]`. */
export function shiftMaskValues(side: number, window: number, shift: number): Float32Array {
  const across = side / window;
  const n = window * window;
  const zone = (v: number): number => (v < side - window ? 0 : v < side - shift ? 1 : 2);
  const region = (w: number, i: number): number => {
    const y = Math.floor(w / across) * window + Math.floor(i / window);
    return zone(y) * 3 + zone((w % across) * window + (i % window));
  };
  return Float32Array.from({ length: across * across * n * n }, (_, at) => {
    const w = Math.floor(at / (n * n));
    return region(w, Math.floor(at / n) % n) === region(w, at % n) ? 0 : -100;
  });
}
