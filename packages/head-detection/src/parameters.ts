import { type HeadContext, linearSpecs, mlpSpecs, type ParameterSpecs } from '@glid/head-kit';
import type { DetectionConfig } from './config.ts';

/** `class [C, K + 1]` with "no object" last, and `box [C, 4]`: GLID's topmost linear layer. */
export function detectionParameters(config: DetectionConfig, { hiddenSize }: HeadContext): ParameterSpecs {
  return {
    ...linearSpecs('class', hiddenSize, config.labels.length + 1, { labelAxis: 'output' }),
    ...(config.boxMlp ? mlpSpecs('box', hiddenSize, 4) : linearSpecs('box', hiddenSize, 4)),
  };
}
