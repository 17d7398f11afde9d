import { type ConfigSchema, defineConfig, field } from '@glid/head-kit';

/** Everything that makes two depth heads differ. Defaults: BinsFormer's bins, AdaBins' loss, NYU's range. */
export interface DepthConfig {
  /** M: depth bins, one query each. */
  readonly bins: number;
  /** Metres. Predictions lie between the two. */
  readonly minDepth: number;
  readonly maxDepth: number;
  /** How the queries' numbers become bin widths: BinsFormer's softmax or AdaBins' `(relu(x) + 0.1) / sum`. */
  readonly binNorm: 'softmax' | 'linear';
  /** Which published form of the scale-invariant log loss. */
  readonly loss: 'adabins' | 'binsformer' | 'bts';
  /** Weight of the Chamfer distance between bin centres and depths (AdaBins: 0.1; BinsFormer: 0). */
  readonly chamferWeight: number;
  /** BinsFormer's three-layer embedding in place of GLID's linear layer. */
  readonly embeddingMlp: boolean;
  /** Losses after the layers at one and two thirds of the decoder, with weights 1/4 and 1/2 (BinsFormer). */
  readonly auxiliaryLosses: boolean;
  /** Metrics look at NYU's Eigen crop only. */
  readonly eigenCrop: boolean;
}

/** What a user writes: everything has a default. */
export type DepthInput = Partial<DepthConfig>;

export const depthConfig: ConfigSchema<DepthConfig, DepthInput> = defineConfig(
  {
    bins: field.integer({ min: 2, default: 64, describe: 'Depth bins, one query each.' }),
    minDepth: field.number({ min: 0, exclusive: true, default: 1e-3, describe: 'Nearest depth in metres.' }),
    maxDepth: field.number({ min: 0, exclusive: true, default: 10, describe: 'Farthest depth in metres.' }),
    binNorm: field.oneOf(['softmax', 'linear'], { default: 'softmax' }),
    loss: field.oneOf(['adabins', 'binsformer', 'bts'], { default: 'adabins' }),
    chamferWeight: field.number({ min: 0, default: 0 }),
    embeddingMlp: field.boolean({ default: false }),
    auxiliaryLosses: field.boolean({ default: true }),
    eigenCrop: field.boolean({ default: false }),
  },
  ({ minDepth, maxDepth }) =>
    maxDepth > minDepth ? [] : [{ message: `must be above minDepth (${minDepth})`, path: ['maxDepth'] }],
);
