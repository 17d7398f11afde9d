import { applyLinear, type LossTerms } from '@glid/head-kit';
import {
  mean,
  type Scalar,
  slice,
  square,
  sub,
  type Tensor1D,
  type Tensor3D,
  type Tensor4D,
} from '@tensorflow/tfjs-core';
import { decode } from '../decoder/decode.ts';
import { memories } from '../decoder/memories.ts';
import type { BlockDrop } from '../encoder/drop-path.ts';
import { type BlockRunner, encode } from '../encoder/encode.ts';
import { encodeVisible } from '../encoder/visible/encode-visible.ts';
import { visibleTokens } from '../encoder/visible/visible-tokens.ts';
import type { ModelConfig } from '../model/model-config.ts';
import { neck } from '../neck/bi-fpn.ts';
import { type ParameterRecord, parameter } from '../parameters/records.ts';
import type { MaskDraw } from './mask-draw.ts';
import { maskQueries } from './mask-queries.ts';
import { pixelTargets } from './pixel-targets.ts';
import type { PretrainConfig } from './pretrain-config.ts';

/**
 * The answers of the mask queries: the pixels of each hidden unit, `[B, N, unit * unit * 3]` (GLID section 3).
 * With `encoderInput: 'visible'` hidden pixels are never read, hidden cells are zero before the neck, and cross-attention passes over
 * them. Call it inside `tidy` or a gradient.
 *
 * @param images `[B, H, W, 3]`, normalised, H and W whole mask units
 * @param dropPath from `drawDropPath`; `pretrain` draws none, as SimMIM and MAE
 */
export function forwardPretrain(
  parameters: ParameterRecord,
  model: ModelConfig,
  config: PretrainConfig,
  images: Tensor4D,
  draw: MaskDraw,
  runBlock?: BlockRunner,
  dropPath?: readonly BlockDrop[],
): Tensor3D {
  const stages = visibleTokens(draw.units, config.unit);
  const visible = stages.map((stage) => stage.mask);
  const seesAll = config.encoderInput === 'maskToken';
  const maps = seesAll
    ? encode(parameters, model.encoder, images, {
        runBlock,
        dropPath,
        replaced: { token: parameter(parameters, 'pretrain.patchToken') as Tensor1D, visible: visible[0]! },
      })
    : encodeVisible(parameters, model.encoder, images, stages, runBlock, dropPath);
  const levels = neck(parameters, model.neck, maps);
  const memory = memories(parameters, levels, null, seesAll ? null : visible);
  const { queries } = decode(parameters, model.decoder, maskQueries(parameters, draw), memory);
  const answers = slice(queries.at(-1)!, [0, 1, 0], [-1, draw.count, -1]);
  return applyLinear(parameters, 'pretrain.pixels', answers) as Tensor3D;
}

/** Mean squared error over the hidden units (GLID eq. 2). */
export function pretrainLoss(
  answers: Tensor3D,
  images: Tensor4D,
  config: PretrainConfig,
  draw: MaskDraw,
): LossTerms & { readonly total: Scalar } {
  const total = mean(square(sub(answers, pixelTargets(images, config, draw)))) as Scalar;
  return { total, terms: { pixels: total } };
}
