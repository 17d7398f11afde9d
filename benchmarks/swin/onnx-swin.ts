import type { SwinConfig } from '../../packages/core/src/encoder/index.ts';
import { OnnxBuilder } from './onnx-writer.ts';
import { relativeIndexValues, shiftMaskValues } from './plain-swin.ts';

type Values = ReadonlyMap<string, { readonly shape: readonly number[]; readonly values: Float32Array }>;

/**
 * The backbone of `plainSwin` as an ONNX graph for one square picture `[1, S, S, 3]`, as an exporter would write it: position biases
 * and shift masks are constants, normalisation and GELU are ONNX's own operators.
 */
export function onnxSwin(values: Values, config: SwinConfig, side: number): Uint8Array {
  const g = new OnnxBuilder();
  const at = (name: string): { shape: readonly number[]; values: Float32Array } => values.get(`encoder.${name}`)!;
  const constant = (name: string): string => g.floats(at(name).values, at(name).shape);
  const reshape = (x: string, shape: readonly number[]): string => g.one('Reshape', [x, g.integers(shape)]);
  const transpose = (x: string, perm: readonly number[]): string => g.one('Transpose', [x], { perm });
  const norm = (x: string, name: string): string =>
    g.one('LayerNormalization', [x, constant(`${name}.gamma`), constant(`${name}.beta`)], {
      axis: -1,
      epsilon: { float: 1e-5 },
    });
  const dense = (x: string, name: string, bias = true): string => {
    const y = g.one('MatMul', [x, constant(`${name}.kernel`)]);
    return bias ? g.one('Add', [y, constant(`${name}.bias`)]) : y;
  };
  const roll = (x: string, by: number, size: number, axis: number): string => {
    const first = (by + size) % size;
    const part = (from: number, to: number): string =>
      g.one('Slice', [x, g.integers([from]), g.integers([to]), g.integers([axis])]);
    return g.one('Concat', [part(first, size), part(0, first)], { axis });
  };

  let size = side / 4;
  let channels = config.embed;
  const patches = transpose(reshape('images', [size, 4, size, 12]), [0, 2, 1, 3]);
  const kernel = g.floats(at('patchEmbed.kernel').values, [48, channels]);
  const embedded = g.one('Add', [
    g.one('MatMul', [reshape(patches, [1, size * size, 48]), kernel]),
    constant('patchEmbed.bias'),
  ]);
  let x = reshape(norm(embedded, 'patchEmbed.norm'), [1, size, size, channels]);
  const outputs: string[] = [];
  for (let stage = 0; stage < 4; stage++) {
    const { window } = config;
    const heads = config.heads[stage]!;
    const [n, across, depth] = [window * window, size / window, channels / heads];
    for (let block = 0; block < config.depths[stage]!; block++) {
      const own = `stages.${stage}.blocks.${block}`;
      const shift = block % 2 === 1 ? Math.floor(window / 2) : 0;
      let y = norm(x, `${own}.norm1`);
      if (shift > 0) y = roll(roll(y, shift, size, 1), shift, size, 2);
      y = transpose(reshape(y, [1, across, window, across, window, channels]), [0, 1, 3, 2, 4, 5]);
      const qkv = reshape(dense(reshape(y, [across * across, n, channels]), `${own}.attention.qkv`), [
        across * across,
        n,
        3,
        heads,
        depth,
      ]);
      const [q, k, v] = g.node('Split', [transpose(qkv, [2, 0, 3, 1, 4])], { axis: 0, num_outputs: 3 }, 3);
      const shape = [across * across, heads, n, depth];
      const scaled = g.one('Mul', [reshape(q!, shape), g.floats(Float32Array.of(depth ** -0.5), [1])]);
      let logits = g.one('MatMul', [scaled, transpose(reshape(k!, shape), [0, 1, 3, 2])]);
      logits = g.one('Add', [
        logits,
        g.floats(positionBias(at(`${own}.attention.relativePositionTable`).values, window, heads), [1, heads, n, n]),
      ]);
      if (shift > 0) {
        logits = g.one('Add', [logits, g.floats(shiftMaskValues(size, window, shift), [across * across, 1, n, n])]);
      }
      const mixed = g.one('MatMul', [g.one('Softmax', [logits], { axis: -1 }), reshape(v!, shape)]);
      let z = dense(
        reshape(transpose(mixed, [0, 2, 1, 3]), [across * across, n, channels]),
        `${own}.attention.projection`,
      );
      z = transpose(reshape(z, [1, across, across, window, window, channels]), [0, 1, 3, 2, 4, 5]);
      z = reshape(z, [1, size, size, channels]);
      if (shift > 0) z = roll(roll(z, -shift, size, 1), -shift, size, 2);
      x = g.one('Add', [x, z]);
      const hidden = g.one('Gelu', [dense(norm(x, `${own}.norm2`), `${own}.mlp.fc1`)]);
      x = g.one('Add', [x, dense(hidden, `${own}.mlp.fc2`)]);
    }
    outputs.push(norm(x, `outputNorms.${stage}`));
    if (stage === 3) break;
    const bands = transpose(reshape(x, [size / 2, 2, size, channels]), [0, 2, 1, 3]);
    const squares = reshape(bands, [1, size / 2, size / 2, 4 * channels]);
    x = dense(norm(squares, `stages.${stage}.merge.norm`), `stages.${stage}.merge.reduction`, false);
    size /= 2;
    channels *= 2;
  }
  return g.build({ name: 'images', shape: [1, side, side, 3] }, outputs);
}

function positionBias(table: Float32Array, window: number, heads: number): Float32Array {
  const index = relativeIndexValues(window);
  return Float32Array.from({ length: heads * index.length }, (_, at) => {
    const head = Math.floor(at / index.length);
    return table[index[at % index.length]! * heads + head]!;
  });
}
