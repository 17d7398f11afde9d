import { type ConfigSchema, defineConfig, field } from '@glid/head-kit';
import type { SkeletonConfig } from './skeletons.ts';

/** Everything that makes two pose heads differ. Defaults: the paper's form, ViTPose's geometry. */
export interface PoseConfig extends SkeletonConfig {
  /** Standard deviation of the target in cells of the heat map; 2 for 64 x 48. */
  readonly sigma: number;
  /**
   * `mse`: squared error of heat maps (ViTPose). `crossEntropy`: a softmax over the cells of each map (Mask R-CNN's keypoints), which few
   * pictures teach faster, because empty maps are no way to lower it.
   */
  readonly loss: 'mse' | 'crossEntropy';
  /** How a joint becomes a heat map. */
  readonly encoding: 'udp' | 'unbiased' | 'quantised';
  /** How a heat map becomes a joint; `dark-udp` goes with `udp`, `quarter` is the classic one. */
  readonly decoding: 'argmax' | 'quarter' | 'dark' | 'dark-udp';
  /** Three-layer embedding in place of GLID's linear layer. */
  readonly embeddingMlp: boolean;
  /** Losses after every decoder layer, not the last only. */
  readonly auxiliaryLosses: boolean;
}

/** What a user writes: a skeleton, for instance `coco17`, and what differs from the defaults. */
export type PoseInput = Partial<PoseConfig> & SkeletonConfig;

const pair = field.list(field.integer({ min: 0 }), { minLength: 2, maxLength: 2 });

export const poseConfig: ConfigSchema<PoseConfig, PoseInput> = defineConfig(
  {
    joints: field.list(field.text({ minLength: 1 }), { minLength: 1, distinct: true }),
    flipPairs: field.list(pair, { describe: 'Indices of joints that change places in a mirror.' }),
    sigmas: field.list(field.number({ min: 0, exclusive: true }), { describe: 'OKS fall-off of each joint.' }),
    edges: field.list(pair, { describe: 'Lines to draw.' }),
    sigma: field.number({ min: 0, exclusive: true, default: 2 }),
    loss: field.oneOf(['mse', 'crossEntropy'], { default: 'mse' }),
    encoding: field.oneOf(['udp', 'unbiased', 'quantised'], { default: 'udp' }),
    decoding: field.oneOf(['argmax', 'quarter', 'dark', 'dark-udp'], { default: 'dark-udp' }),
    embeddingMlp: field.boolean({ default: false }),
    auxiliaryLosses: field.boolean({ default: false }),
  },
  ({ joints, sigmas, flipPairs, edges }) => {
    const outside = (name: string, pairs: readonly (readonly number[])[]) =>
      pairs.flatMap((indices, i) =>
        indices.some((joint) => joint >= joints.length)
          ? [{ message: `names a joint that does not exist (there are ${joints.length})`, path: [name, i] }]
          : [],
      );
    return [
      ...(sigmas.length === joints.length
        ? []
        : [{ message: `must have one value a joint (${joints.length}), got ${sigmas.length}`, path: ['sigmas'] }]),
      ...outside('flipPairs', flipPairs),
      ...outside('edges', edges),
    ];
  },
);
