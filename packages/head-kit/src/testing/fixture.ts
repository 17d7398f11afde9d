import type { Random } from '@glid/base';
import type { AnyHead, ResultOf } from '../spec/head.ts';
import type { ImageMeta } from '../spec/image-meta.ts';
import type { TargetOf } from '../spec/targets.ts';

/** All that the conformance kit asks of a head's author. */
export interface HeadFixture<Input = unknown, H extends AnyHead = AnyHead> {
  /** A small valid configuration. */
  readonly config: Input;
  /** Configurations that must be refused, each for one reason. */
  readonly invalidConfigs: readonly unknown[];
  /** Ground truth for a picture of this size, at least two instances where the head has instances. Coordinates in its pixels. */
  makeTarget(height: number, width: number, random: Random): TargetOf<H['targetFields']>;
  /** Options for `doPostprocess` under which results of an untrained head are not empty, such as `{ threshold: 0 }`. */
  readonly options?: object;
  /** The result that a perfect head would give for this target; without it check 24 looks at partitions only. */
  perfectResult?(target: TargetOf<H['targetFields']>, meta: ImageMeta): ResultOf<H>;
  /**
   * What a mirror does to the values of a result, each left in its place: the x of normals negated. Check 20 asks for it where a target
   * has `negateOnFlip`; without it, results must differ in places only.
   */
  mirrorValues?(result: ResultOf<H>): ResultOf<H>;
  /** Value of the primary metric for perfect results; 1 where higher is better and 0 where lower is better. */
  readonly idealMetric?: number;
  /** How check 15 trains on one picture: `steps` of Adam (30) must bring the loss to `factor` (0.7) of its start. */
  readonly overfit?: { readonly steps?: number; readonly learningRate?: number; readonly factor?: number };
  /** The same configuration with other labels, for check 23; `{ ...config, labels }` when absent. */
  withLabels?(labels: readonly string[]): Input;
  /** `pictures`: the loss of a batch is the mean of the losses of its pictures. Otherwise only equal pictures are compared. */
  readonly normaliser?: 'pictures';
  /** Share by which losses of equal pictures may differ, 0.001 when absent; for heads that draw random points for each picture. */
  readonly lossSpread?: number;
  /** Width of queries and of the 1/4 map, 16 when absent. */
  readonly hiddenSize?: number;
}

/** What of the geometry a head takes part in; a reason in place of `true` skips the part and is printed in the report. */
export interface Capabilities {
  /** Batches of differently sized pictures (`pixelMask`). */
  readonly padding?: true | string;
  /** `ImageMeta.crop`. */
  readonly crop?: true | string;
  /** `ImageMeta.flippedHorizontally`. */
  readonly flip?: true | string;
}

export interface HeadCheckOptions {
  /** Checks known to fail, by id, with the reason. They FAIL when they start to pass. */
  readonly expectedFailures?: { readonly [check: string]: string };
  readonly capabilities?: Capabilities;
  /** Names of registered backends to compare with the active one (check 25). */
  readonly backends?: readonly string[];
}
