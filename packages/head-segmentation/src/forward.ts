import {
  applyLinear,
  applyMlp,
  type HeadContext,
  type HeadInputs,
  linearSpecs,
  mlpSpecs,
  type ParameterSpecs,
  type Parameters,
  queryPixelProduct,
} from '@glid/head-kit';
import { add, expandDims, matMul, mul, reshape, type Tensor3D, type Tensor4D } from '@tensorflow/tfjs-core';
import type { SegmentationConfig } from './config.ts';
import { discLogits } from './discs.ts';

/**
 * Of each decoder layer that is asked for, the last with the highest number: `logits.<l>` `[B, M, K + 1]` and `masks.<l>` `[B, M, h, w]`
 * (logits at 1/4 scale, 0 on padding); with `perClass` instead `classes.<l>` `[B, h, w, K]`.
 */
export type SegmentationRaw = {
  readonly [name: `logits.${number}`]: Tensor3D;
  readonly [name: `masks.${number}` | `classes.${number}`]: Tensor4D;
};

/** `class [C, K + 1]`, "no object" last, and `embedding [C, C]`: the answers (f_i, cls_i) of the paper. */
export function segmentationParameters(config: SegmentationConfig, { hiddenSize }: HeadContext): ParameterSpecs {
  // Products with the pixels start small beside the discs of placed queries.
  const start = config.placedQueries ? ({ kernel: { kind: 'truncatedNormal', std: 0.001 } } as const) : undefined;
  const embedding = config.embeddingMlp
    ? mlpSpecs('embedding', hiddenSize, hiddenSize, start)
    : linearSpecs('embedding', hiddenSize, hiddenSize, start);
  if (config.matching === 'perClass') return embedding;
  return { ...linearSpecs('class', hiddenSize, config.labels.length + 1, { labelAxis: 'output' }), ...embedding };
}

/** mask_i = sigmoid(<f_i, f^b>) before the sigmoid, and classes (GLID section on segmentation; Mask2Former). */
export function segmentationForward(
  config: SegmentationConfig,
  parameters: Parameters,
  inputs: HeadInputs,
): SegmentationRaw {
  const layers = inputs.training && config.auxiliaryLosses ? inputs.queries : inputs.queries.slice(-1);
  const [batch, height, width, channels] = inputs.pixels.shape;
  const embed = config.embeddingMlp ? applyMlp : applyLinear;
  const discs = config.placedQueries ? discLogits(config.queries, [height, width], inputs.pixelMask) : null;
  const raw: Record<string, Tensor3D | Tensor4D> = {};
  layers.forEach((queries, layer) => {
    const embeddings = embed(parameters, 'embedding', queries) as Tensor3D;
    if (config.matching === 'perClass') {
      const pixels = reshape(inputs.pixels, [batch, height * width, channels]);
      const maps = matMul(pixels, embeddings, false, true);
      raw[`classes.${layer}`] = reshape(maps, [batch, height, width, config.labels.length]) as Tensor4D;
      return;
    }
    const products = queryPixelProduct(embeddings, inputs.pixels);
    const masks = discs ? (add(products, discs) as Tensor4D) : products;
    raw[`logits.${layer}`] = applyLinear(parameters, 'class', queries) as Tensor3D;
    // Padding reads as 0, as the outside of a picture does when points are sampled: a padded batch gives what single pictures give.
    raw[`masks.${layer}`] = (inputs.pixelMask ? mul(masks, expandDims(inputs.pixelMask, 1)) : masks) as Tensor4D;
  });
  return raw as SegmentationRaw;
}

/** Number of decoder layers that answered. */
export function layerCount(raw: SegmentationRaw): number {
  let layers = 0;
  while (`masks.${layers}` in raw || `classes.${layers}` in raw) layers++;
  return layers;
}
