import { type ConfigSchema, defineConfig, field } from '@glid/head-kit';

/** Which of the three segmentations a head is trained for, and which results it gives by default. */
export type SegmentationMode = 'semantic' | 'instance' | 'panoptic';

/** Everything that makes two segmentation heads differ. Defaults: the paper's form, Mask2Former's numbers. */
export interface SegmentationConfig {
  readonly mode: SegmentationMode;
  /** Class names, in the order of the class axis. */
  readonly labels: readonly string[];
  /** The labels that are countable things; the rest is stuff. Null = all of them (instance), none (semantic). */
  readonly things: readonly string[] | null;
  /** M: masks a picture, at most. With `perClass`, one a label whatever is given here. */
  readonly queries: number;
  /**
   * `hungarian`: masks are matched with segments (Mask2Former). `perClass`: query i answers for class i with a cross-entropy over
   * pixels; semantic only, the simplest recipe.
   */
  readonly matching: 'hungarian' | 'perClass';
  /**
   * Every query belongs to a point of a grid over the picture: e_i starts at the point's sine code, and the logits of its mask fall with the square
   * of the distance from there, so that a mask starts as a disc. Our addition, not the paper's, for many small things and few pictures.
   */
  readonly placedQueries: boolean;
  /** Mask2Former's three-layer mask embedding in place of GLID's linear layer. */
  readonly embeddingMlp: boolean;
  /** Losses after every decoder layer, not the last only. */
  readonly auxiliaryLosses: boolean;
  readonly noObjectWeight: number;
  readonly lossWeights: { readonly class: number; readonly mask: number; readonly dice: number };
  readonly matchWeights: { readonly class: number; readonly mask: number; readonly dice: number };
  /** Points a mask in matching and losses, candidates a point, share of uncertain ones. */
  readonly points: number;
  readonly oversample: number;
  readonly importance: number;
  /** Panoptic inference: least class score, and least share of a mask that must survive. */
  readonly objectThreshold: number;
  readonly overlapThreshold: number;
  /** Instance inference: most instances a picture. */
  readonly maxInstances: number;
}

/** What a user writes: all but `mode` and `labels` has a default. */
export type SegmentationInput = Partial<SegmentationConfig> & Pick<SegmentationConfig, 'mode' | 'labels'>;

const weights = field.object({
  class: field.number({ min: 0, default: 2 }),
  mask: field.number({ min: 0, default: 5 }),
  dice: field.number({ min: 0, default: 5 }),
});
const share = (value: number) => ({ min: 0, max: 1, default: value });

export const segmentationConfig: ConfigSchema<SegmentationConfig, SegmentationInput> = defineConfig(
  {
    mode: field.oneOf(['semantic', 'instance', 'panoptic']),
    labels: field.labels(),
    things: field.nullable(field.list(field.text({ minLength: 1 }), { distinct: true })),
    queries: field.integer({ min: 1, default: 100, describe: 'Masks a picture, at most.' }),
    matching: field.oneOf(['hungarian', 'perClass'], { default: 'hungarian' }),
    placedQueries: field.boolean({ default: false, describe: 'Each query starts at a point of a grid.' }),
    embeddingMlp: field.boolean({ default: false }),
    auxiliaryLosses: field.boolean({ default: true }),
    noObjectWeight: field.number(share(0.1)),
    lossWeights: weights,
    matchWeights: weights,
    points: field.integer({ min: 4, default: 12544, describe: 'Points a mask in matching and losses.' }),
    oversample: field.number({ min: 1, default: 3 }),
    importance: field.number(share(0.75)),
    objectThreshold: field.number(share(0.8)),
    overlapThreshold: field.number(share(0.8)),
    maxInstances: field.integer({ min: 1, default: 100 }),
  },
  ({ mode, labels, things, matching, placedQueries }) => [
    ...(things ?? [])
      .filter((thing) => !labels.includes(thing))
      .map((thing) => ({ message: `'${thing}' is not among the labels`, path: ['things'] })),
    ...(mode === 'panoptic' && things === null
      ? [{ message: 'a panoptic head must be told which labels are things ([] = none)', path: ['things'] }]
      : []),
    ...(matching === 'perClass' && mode !== 'semantic'
      ? [{ message: "is for mode 'semantic': a class has one mask there", path: ['matching'] }]
      : []),
    ...(matching === 'perClass' && placedQueries
      ? [{ message: 'has no place for classes: it is for masks that are matched', path: ['placedQueries'] }]
      : []),
  ],
);

/** M of the resolved configuration. */
export function queryCount(config: SegmentationConfig): number {
  return config.matching === 'perClass' ? config.labels.length : config.queries;
}

/** True for each label that is a thing. */
export function thingFlags({ labels, things, mode }: SegmentationConfig): readonly boolean[] {
  return labels.map((label) => (things === null ? mode === 'instance' : things.includes(label)));
}
