import {
  applyLinear,
  applyMlp,
  binCentres,
  binWidths,
  type HeadContext,
  type HeadInputs,
  linearSpecs,
  mlpSpecs,
  type ParameterSpecs,
  type Parameters,
} from '@glid/head-kit';
import { matMul, reshape, softmax, type Tensor2D, type Tensor3D } from '@tensorflow/tfjs-core';
import type { DepthConfig } from './config.ts';

/**
 * Of each layer that is asked for: `depth.<l>` `[B, h, w]` in metres at 1/4 scale and `centres.<l>` `[B, M]` in metres. The last layer has the highest number.
 */
export type DepthRaw = {
  readonly [name: `depth.${number}`]: Tensor3D;
  readonly [name: `centres.${number}`]: Tensor2D;
};

/** `length [C, 1]` and `embedding [C, C]`: the answers (l_i, z_i) of the paper. */
export function depthParameters(config: DepthConfig, { hiddenSize }: HeadContext): ParameterSpecs {
  const embedding = config.embeddingMlp
    ? mlpSpecs('embedding', hiddenSize, hiddenSize)
    : linearSpecs('embedding', hiddenSize, hiddenSize);
  return { ...linearSpecs('length', hiddenSize, 1), ...embedding };
}

/** Weight of the loss of each decoder layer that counts, the output layer last: BinsFormer's layers 3, 6 and 9 of 9. */
export function layerWeights(config: DepthConfig, layers: number): readonly { layer: number; weight: number }[] {
  const output = { layer: layers - 1, weight: 1 };
  if (!config.auxiliaryLosses || layers < 3) return [output];
  const third = Math.floor(layers / 3);
  return [{ layer: third - 1, weight: 0.25 }, { layer: 2 * third - 1, weight: 0.5 }, output];
}

/** Depth = the bin centres, weighted at each pixel by the softmax over queries of `<z_i, f^b>` (GLID, eq. 5; BinsFormer). */
export function depthForward(config: DepthConfig, parameters: Parameters, inputs: HeadInputs): DepthRaw {
  const chosen = inputs.training
    ? layerWeights(config, inputs.queries.length).map(({ layer }) => inputs.queries[layer]!)
    : inputs.queries.slice(-1);
  const [batch, height, width, channels] = inputs.pixels.shape;
  const pixels = reshape(inputs.pixels, [batch, height * width, channels]);
  const raw: Record<string, Tensor2D | Tensor3D> = {};
  chosen.forEach((queries, index) => {
    const lengths = reshape(applyLinear(parameters, 'length', queries), [batch, config.bins]) as Tensor2D;
    const embed = config.embeddingMlp ? applyMlp : applyLinear;
    const embeddings = embed(parameters, 'embedding', queries) as Tensor3D;
    const centres = binCentres(binWidths(lengths, config.binNorm), config.minDepth, config.maxDepth);
    const shares = softmax(matMul(pixels, embeddings, false, true)); // [B, h w, M]
    const depth = matMul(shares, reshape(centres, [batch, config.bins, 1]));
    raw[`centres.${index}`] = centres;
    raw[`depth.${index}`] = reshape(depth, [batch, height, width]) as Tensor3D;
  });
  return raw as DepthRaw;
}

/** Number of layers that answered. */
export function layerCount(raw: DepthRaw): number {
  let layers = 0;
  while (`depth.${layers}` in raw) layers++;
  return layers;
}
