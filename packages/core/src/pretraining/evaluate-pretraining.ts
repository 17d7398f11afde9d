import { Random } from '@glid/base';
import { mean, reshape, square, sub, type Tensor, type Tensor3D, tidy } from '@tensorflow/tfjs-core';
import { inputsOf } from '../finetune/finetune-objective.ts';
import type { ModelConfig } from '../model/model-config.ts';
import { forwardPretrain, pretrainLoss } from '../pretrain/forward-pretrain.ts';
import { drawMask } from '../pretrain/mask-draw.ts';
import { pixelTargets } from '../pretrain/pixel-targets.ts';
import type { PretrainConfig } from '../pretrain/pretrain-config.ts';
import type { EvaluationSource } from '../training/batch.ts';
import type { Evaluation } from '../training/objective.ts';

/**
 * Reconstruction error on held-out pictures, always under the same masks, and what trivial answers would score:
 * `patchMean`, the mean of each hidden unit (1 for normalised pixels), and `channelMean`, its mean colour. A model that does not
 * beat `channelMean` has learned colour and nothing of structure.
 */
export async function evaluatePretraining(
  parameters: Readonly<Record<string, Tensor>>,
  model: ModelConfig,
  config: PretrainConfig,
  source: EvaluationSource,
  options: { readonly signal?: AbortSignal } = {},
): Promise<Evaluation> {
  const sums = [0, 0, 0];
  let pictures = 0;
  let batchNumber = 0;
  for await (const batch of source.batches(options.signal ? { signal: options.signal } : {})) {
    const [size, height, width] = batch.images.shape;
    const draw = drawMask(config, [size, height, width], Random.derive(0, 'validation masks', batchNumber++));
    const errors = tidy(() => {
      const { images } = inputsOf(batch);
      const answers = forwardPretrain(parameters, model, config, images, draw);
      const targets = pixelTargets(images, config, draw);
      return [pretrainLoss(answers, images, config, draw).total, patchMeanError(targets), channelMeanError(targets)];
    });
    for (const [i, error] of errors.entries()) sums[i]! += size * (await error.data())[0]!;
    for (const error of errors) error.dispose();
    pictures += size;
  }
  const [loss, patchMean, channelMean] = sums.map((sum) => sum / pictures) as [number, number, number];
  return { metrics: { loss, patchMean, channelMean } };
}

/** Mean squared error of answering every value with the unit's mean. */
function patchMeanError(targets: Tensor3D): Tensor {
  return mean(square(sub(targets, mean(targets, 2, true))));
}

/** Mean squared error of answering with the unit's mean red, green and blue. */
function channelMeanError(targets: Tensor3D): Tensor {
  const [batch, units, values] = targets.shape;
  const pixels = reshape(targets, [batch * units, values / 3, 3]);
  return mean(square(sub(pixels, mean(pixels, 1, true))));
}
