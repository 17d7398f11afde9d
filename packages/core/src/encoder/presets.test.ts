import { expect, it } from 'vitest';
import { encoderSpecs, layerCount, layerIdOf, type SwinConfig, swinPresets } from './index.ts';

it('counts published parameters', () => {
  const count = (config: SwinConfig): number =>
    Object.entries(encoderSpecs(config))
      .filter(([name]) => !name.startsWith('encoder.outputNorms.'))
      .reduce((total, [, spec]) => total + spec.shape.reduce((a, b) => a * b, 1), 0);
  // Published totals of the ImageNet-1K classifiers less their last norm and 1,000-way layer.
  const classifier = (embed: number): number => 8 * embed * 1000 + 1000 + 16 * embed;
  expect(count(swinPresets.tiny)).toBe(28_288_354 - classifier(96));
  expect(count(swinPresets.small)).toBe(49_606_258 - classifier(96));
  expect(count(swinPresets.base)).toBe(87_768_224 - classifier(128));
  expect(count(swinPresets.large)).toBe(196_532_476 - classifier(192));
});

it('numbers layers from the patch embedding to the heads', () => {
  const config = swinPresets.nano;
  const ids = Object.keys(encoderSpecs(config)).map((name) => layerIdOf(name, config));
  expect(Math.min(...ids)).toBe(0);
  expect(Math.max(...ids)).toBe(layerCount(config));
  expect(layerIdOf('encoder.stages.0.blocks.0.norm1.gamma', config)).toBe(1);
  expect(layerIdOf('encoder.stages.2.blocks.1.mlp.fc1.kernel', config)).toBe(6);
  expect(layerIdOf('encoder.stages.1.merge.reduction.kernel', config)).toBe(4);
  expect(layerIdOf('encoder.outputNorms.3.beta', config)).toBe(10);
  expect(layerIdOf('decoder.norm.gamma', config)).toBe(11);
  expect(layerIdOf('heads.boxes.class.kernel', config)).toBe(11);
});
