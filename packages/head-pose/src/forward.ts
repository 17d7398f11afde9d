import {
  applyLinear,
  applyMlp,
  type HeadContext,
  type HeadInputs,
  type ImageMeta,
  linearSpecs,
  mlpSpecs,
  type ParameterSpecs,
  type Parameters,
  queryPixelProduct,
} from '@glid/head-kit';
import { add, expandDims, mul, sub, type Tensor3D, type Tensor4D } from '@tensorflow/tfjs-core';
import type { PoseConfig } from './config.ts';

/**
 * `heatmaps.<l>` `[B, J, h, w]` of each decoder layer that is asked for, the last with the highest number; 0 on padding. With the loss
 * `crossEntropy` they are logits of a softmax over the cells, very low on padding.
 */
export type PoseRaw = { readonly [name: `heatmaps.${number}`]: Tensor4D };

/**
 * `embedding [C, C]`: the answer f_i of the paper. The layer starts near zero, as ViTPose's last layer does. Heat maps are numbers in 0..1, unlike
 * logits: for them it learns more slowly, because a step of it moves a heat map about C times (not once, as one linear output) as far.
 */
export function poseParameters(config: PoseConfig, { hiddenSize }: HeadContext): ParameterSpecs {
  const kernel = { kind: 'truncatedNormal', std: 0.001 } as const;
  const start = config.loss === 'mse' ? { kernel, lrMultiplier: 1 / Math.sqrt(hiddenSize) } : { kernel };
  return config.embeddingMlp
    ? mlpSpecs('embedding', hiddenSize, hiddenSize, start)
    : linearSpecs('embedding', hiddenSize, hiddenSize, start);
}

/** heat map i = <f_i, f^b> (GLID's pose answer; ViTPose's heat maps). */
export function poseForward(config: PoseConfig, parameters: Parameters, inputs: HeadInputs): PoseRaw {
  const layers = inputs.training && config.auxiliaryLosses ? inputs.queries : inputs.queries.slice(-1);
  const embed = config.embeddingMlp ? applyMlp : applyLinear;
  const raw: Record<string, Tensor4D> = {};
  layers.forEach((queries, layer) => {
    const maps = queryPixelProduct(embed(parameters, 'embedding', queries) as Tensor3D, inputs.pixels);
    raw[`heatmaps.${layer}`] = inputs.pixelMask ? withoutPadding(config, maps, inputs.pixelMask) : maps;
  });
  return raw;
}

/** @param shown `[B, h, w]`, 0 on padding */
function withoutPadding({ loss }: PoseConfig, maps: Tensor4D, shown: Tensor3D): Tensor4D {
  const cells = expandDims(shown, 1);
  const kept = mul(maps, cells);
  return (loss === 'mse' ? kept : add(kept, mul(sub(cells, 1), 1e9))) as Tensor4D;
}

/** Number of decoder layers that answered. */
export function layerCount(raw: PoseRaw): number {
  let layers = 0;
  while (`heatmaps.${layers}` in raw) layers++;
  return layers;
}

/** Cells of a heat map that show the picture, not its padding. */
export function shownCells(
  [height, width]: readonly [height: number, width: number],
  { resizedSize, inputSize }: ImageMeta,
): readonly [height: number, width: number] {
  return [Math.ceil((height * resizedSize[0]) / inputSize[0]), Math.ceil((width * resizedSize[1]) / inputSize[1])];
}

/** A map `[rows, columns]` laid into, or cut out of, the left top corner of one of another size. */
export function fitMaps(
  maps: Float32Array,
  from: readonly [height: number, width: number],
  to: readonly [height: number, width: number],
): Float32Array {
  if (from[0] === to[0] && from[1] === to[1]) return maps;
  const count = maps.length / (from[0] * from[1]);
  const out = new Float32Array(count * to[0] * to[1]);
  const width = Math.min(from[1], to[1]);
  for (let n = 0; n < count; n++) {
    for (let y = 0; y < Math.min(from[0], to[0]); y++) {
      const at = (n * from[0] + y) * from[1];
      out.set(maps.subarray(at, at + width), (n * to[0] + y) * to[1]);
    }
  }
  return out;
}
