import { type ConfigSchema, defineConfig, field } from '@glid/head-kit';

/** Everything that makes two detection heads differ. Defaults: the paper's form, DETR's numbers. */
export interface DetectionConfig {
  /** Class names, in the order of the class axis. */
  readonly labels: readonly string[];
  /** M: boxes a picture, at most. */
  readonly queries: number;
  /**
   * Ties each query to a fixed point: its box centre is predicted relative to that point and e_i starts as the point's sine code.
   * Not in the paper; what makes few pictures enough.
   */
  readonly placedQueries: boolean;
  /** DETR's three-layer box predictor in place of GLID's linear layer. */
  readonly boxMlp: boolean;
  /** Losses after every decoder layer, not the last only. */
  readonly auxiliaryLosses: boolean;
  /** Weight of "no object" in the cross-entropy. */
  readonly noObjectWeight: number;
  readonly lossWeights: { readonly class: number; readonly l1: number; readonly giou: number };
  readonly matchWeights: { readonly class: number; readonly l1: number; readonly giou: number };
}

/** What a user writes: all but `labels` has a default. */
export type DetectionInput = Partial<DetectionConfig> & Pick<DetectionConfig, 'labels'>;

const weights = field.object({
  class: field.number({ min: 0, default: 1 }),
  l1: field.number({ min: 0, default: 5 }),
  giou: field.number({ min: 0, default: 2 }),
});

export const detectionConfig: ConfigSchema<DetectionConfig, DetectionInput> = defineConfig({
  labels: field.labels(),
  queries: field.integer({ min: 1, default: 100, describe: 'Boxes a picture, at most.' }),
  placedQueries: field.boolean({
    default: false,
    describe: 'Tie each query to a fixed point of the picture. For small data sets.',
  }),
  boxMlp: field.boolean({
    default: false,
    describe: 'Three-layer box predictor (DETR) instead of a linear one (GLID).',
  }),
  auxiliaryLosses: field.boolean({ default: true, describe: 'Losses after every decoder layer.' }),
  noObjectWeight: field.number({
    min: 0,
    max: 1,
    default: 0.1,
    describe: 'Weight of "no object" in the cross-entropy.',
  }),
  lossWeights: weights,
  matchWeights: weights,
});
