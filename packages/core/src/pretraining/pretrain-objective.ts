import type { ParameterSpecs } from '@glid/head-kit';
import type { Tensor3D, Tensor4D } from '@tensorflow/tfjs-core';
import { inputsOf } from '../finetune/finetune-objective.ts';
import type { ModelConfig } from '../model/model-config.ts';
import { coreSpecs } from '../model/model-specs.ts';
import { forwardPretrain, pretrainLoss } from '../pretrain/forward-pretrain.ts';
import { drawMask, type MaskDraw } from '../pretrain/mask-draw.ts';
import type { PretrainConfig } from '../pretrain/pretrain-config.ts';
import { pretrainSpecs } from '../pretrain/pretrain-specs.ts';
import type { Objective } from '../training/objective.ts';
import { recompute } from '../training/recompute.ts';

/** The answers of the mask queries, with what they are compared to. */
export interface PretrainOutputs {
  /** `[B, N, unit * unit * 3]`. */
  readonly answers: Tensor3D;
  /** `[B, H, W, 3]`. */
  readonly images: Tensor4D;
  readonly draw: MaskDraw;
}

/** Masked pre-training as an objective (GLID section 3, eq. 2): encoder, neck, decoder and queries learn together. */
export function pretrainObjective(
  model: ModelConfig,
  config: PretrainConfig,
  options: { readonly recompute?: boolean } = {},
): Objective<MaskDraw, PretrainOutputs, null> {
  const runBlock = options.recompute ? recompute : undefined;
  return {
    specs: pretrainableSpecs(model, config),
    draw: (batch, { random }) => {
      const [size, height, width] = batch.images.shape;
      return drawMask(config, [size, height, width], random);
    },
    forward(parameters, batch, draw) {
      const { images } = inputsOf(batch);
      return { answers: forwardPretrain(parameters, model, config, images, draw, runBlock), images, draw };
    },
    assign: async () => null,
    loss: ({ answers, images, draw }) => pretrainLoss(answers, images, config, draw),
    watched: ({ answers }) => ({ answers }),
  };
}

/** Everything but heads and the 1/4 map's projection learns in pre-training. */
export function pretrainableSpecs(model: ModelConfig, config: PretrainConfig): ParameterSpecs {
  return { ...coreSpecs(model), ...pretrainSpecs(config, model) };
}
