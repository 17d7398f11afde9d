import { sinePosition } from '@glid/ops';
import { add, reshape, slice, type Tensor2D, type Tensor3D, type Tensor4D } from '@tensorflow/tfjs-core';
import { stageStrides } from '../encoder/swin-config.ts';
import { type GridMask, maskTensor, rectangleMask, tokenSizes } from '../encoder/validity.ts';
import type { Size } from '../encoder/window-geometry.ts';
import { type ParameterRecord, parameter } from '../parameters/records.ts';
import { decoderStrides } from './decoder-config.ts';
import type { Memory } from './decoder-layer.ts';

/**
 * The three maps that decoder layers attend to, 1/32 first: each with its level embedding, and the sine codes of their places in
 * the picture.
 *
 * @param levels P2..P5 after the neck, `[B, H, W, C]`
 * @param sizes pixels of each picture of a mixed batch, or null: padding is not attended, and codes count picture cells only
 * @param visible for each level, 1 where a cell may be attended (masked pre-training), or null
 */
export function memories(
  parameters: ParameterRecord,
  levels: readonly Tensor4D[],
  sizes: readonly Size[] | null = null,
  visible: readonly GridMask[] | null = null,
): readonly Memory[] {
  const embedding = parameter(parameters, 'decoder.levelEmbedding');
  return decoderStrides.map((stride, i) => {
    const level = stageStrides.indexOf(stride);
    const [batch, height, width, channels] = levels[level]!.shape;
    const own = slice(embedding, [i, 0], [1, channels]);
    const values = add(reshape(levels[level]!, [batch, height * width, channels]), own) as Tensor3D;
    const inside = sizes && rectangleMask(tokenSizes(sizes, stride), [height, width]);
    const mask = inside ? { mask: maskTensor(inside) } : {};
    const code = sinePosition(height, width, channels, mask);
    const position = reshape(code, [code.shape[0], height * width, channels]) as Tensor3D;
    const shown = visible?.[level] ?? inside;
    return shown
      ? { values, position, keyMask: reshape(maskTensor(shown), [batch, height * width]) as Tensor2D }
      : { values, position };
  });
}
