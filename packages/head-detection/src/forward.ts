import { applyLinear, applyMlp, type HeadInputs, type Parameters, referencePoints } from '@glid/head-kit';
import { constantTensor } from '@glid/ops';
import { add, sigmoid, type Tensor3D, tensor3d } from '@tensorflow/tfjs-core';
import { boxOffsets } from './box-offsets.ts';
import type { DetectionConfig } from './config.ts';

/**
 * `logits.<l>` `[B, M, K + 1]` and `boxes.<l>` `[B, M, 4]` (centre x, centre y, width, height, relative to the unpadded picture) of the decoder
 * layers that are asked for; the last layer has the highest number.
 */
export type DetectionRaw = { readonly [name: `logits.${number}` | `boxes.${number}`]: Tensor3D };

/** Answers of the last layer, and in training of every layer when there are auxiliary losses. */
export function detectionForward(config: DetectionConfig, parameters: Parameters, inputs: HeadInputs): DetectionRaw {
  const layers = inputs.training && config.auxiliaryLosses ? inputs.queries : inputs.queries.slice(-1);
  const raw: Record<string, Tensor3D> = {};
  layers.forEach((queries, layer) => {
    const box = config.boxMlp ? applyMlp(parameters, 'box', queries) : applyLinear(parameters, 'box', queries);
    raw[`logits.${layer}`] = applyLinear(parameters, 'class', queries) as Tensor3D;
    raw[`boxes.${layer}`] = sigmoid(config.placedQueries ? add(box, offsets(config.queries)) : box) as Tensor3D;
  });
  return raw;
}

function offsets(count: number): Tensor3D {
  return constantTensor(`detection reference points ${count}`, () =>
    tensor3d(boxOffsets(referencePoints(count)), [1, count, 4]),
  ) as Tensor3D;
}

/** Number of decoder layers that answered. */
export function layerCount(raw: DetectionRaw): number {
  let layers = 0;
  while (`logits.${layers}` in raw) layers++;
  return layers;
}
