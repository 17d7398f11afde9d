import type { Dataset } from '@glid/base';
import { randomCamera } from './camera.ts';
import { layOut } from './layout.ts';
import { renderScene } from './render-scene.ts';
import { type SceneDatasetOptions, sceneDataset, usage } from './scene-dataset.ts';
import { thingMakers } from './things/index.ts';

/** Every kind of thing that scenes can show. */
export const syntheticLabels: readonly string[] = Object.keys(thingMakers);

/** `size` is 128 when absent. */
export interface SyntheticScenesOptions extends SceneDatasetOptions {
  /** A selection of `syntheticLabels`. Default all. */
  readonly labels?: readonly string[];
  /** Fewest and most things a scene starts with; those that end up hidden are left out. Default [2, 7]. */
  readonly things?: readonly [fewest: number, most: number];
  /** Probability that a thing is a person. Default 0.3. */
  readonly people?: number;
  /** Metres at which things stand: near ones are large. Default [1.9, 8.5]. */
  readonly distance?: readonly [nearest: number, farthest: number];
  /** `any`: colour does not betray the class. `byLabel`: each kind has its own, so that little training goes far. Default `any`. */
  readonly colors?: 'any' | 'byLabel';
}

/**
 * Scenes drawn from a seed, with exact ground truth for every task: boxes and masks of what shows, semantic and
 * panoptic maps, depth in metres (0 = sky or beyond 10 m), jointed figures with COCO's 17 joints.
 * The same options give the same bytes, record by record, in any order.
 * Throws `GLID_USAGE` for impossible options.
 */
export function syntheticScenes(options: SyntheticScenesOptions = {}): Dataset {
  const labels = options.labels ?? syntheticLabels;
  const [minThings, maxThings] = options.things ?? [2, 7];
  if (
    labels.length === 0 ||
    new Set(labels).size !== labels.length ||
    labels.some((label) => !(label in thingMakers))
  ) {
    throw usage(
      `'labels' must be distinct names of known things; got [${labels.join(', ')}].`,
      `Choose among ${syntheticLabels.join(', ')}.`,
    );
  }
  if (!(minThings >= 0 && maxThings >= minThings && maxThings <= 100)) {
    throw usage(
      `'things' must be [fewest, most] with 0 <= fewest <= most <= 100; got [${minThings}, ${maxThings}].`,
      'Pass for example [2, 7].',
    );
  }
  const [near, far] = options.distance ?? [1.9, 8.5];
  if (!(near >= 1 && far >= near && far <= 10)) {
    throw usage(
      `'distance' must be [nearest, farthest] with 1 <= nearest <= farthest <= 10; got [${near}, ${far}].`,
      'Pass for example [1.9, 3.2].',
    );
  }
  const colors = options.colors ?? 'any';
  if (colors !== 'any' && colors !== 'byLabel') {
    throw usage(`'colors' must be 'any' or 'byLabel'; got '${colors}'.`, "Leave it out for 'any'.");
  }
  const rules = {
    labels,
    minThings,
    maxThings,
    people: options.people ?? 0.3,
    near,
    far,
    colorsTell: colors === 'byLabel',
  };
  return sceneDataset('synthetic-scenes', options, [128, 128], labels, (random, width, height) =>
    renderScene(random, randomCamera(random, width, height), (own, camera, far) => layOut(own, camera, rules, far)),
  );
}
