import { cocoSkeleton, type Dataset, GlidError, Random, type SceneRecord } from '@glid/base';
import { sceneDepth, sceneObjects, scenePanoptic, sceneSemantic } from './ground-truth.ts';
import { stuffLabels } from './place.ts';
import type { RenderedScene } from './render-scene.ts';

export interface SceneDatasetOptions {
  /** Scenes of one seed never depend on how many are asked for. Give each split its own. Default 0. */
  readonly seed?: number;
  /** How many scenes. Default 1000. */
  readonly length?: number;
  /** Pixels, one side or [height, width]. */
  readonly size?: number | readonly [height: number, width: number];
}

/** A data set whose records are drawn when they are asked for. */
export function sceneDataset(
  kind: string,
  options: SceneDatasetOptions,
  defaultSize: readonly [height: number, width: number],
  labels: readonly string[],
  render: (random: Random, width: number, height: number) => RenderedScene,
): Dataset {
  const seed = options.seed ?? 0;
  const length = options.length ?? 1000;
  const size = options.size ?? defaultSize;
  const [height, width] = typeof size === 'number' ? [size, size] : size;
  if (!isSide(height) || !isSide(width)) {
    throw usage(
      `'size' must be whole numbers in 32..2048; got ${height} x ${width}.`,
      'Pass for example 128 or [96, 128].',
    );
  }
  if (!Number.isInteger(length) || length < 0) {
    throw usage(`'length' must be a whole number >= 0; got ${length}.`, 'Pass how many scenes you want.');
  }
  const name = `${kind}-${seed}`;
  return {
    name,
    length,
    labels,
    semanticLabels: [...stuffLabels, ...labels],
    thingLabels: labels,
    ...(labels.includes('person') ? { skeleton: cocoSkeleton } : {}),
    async get(index) {
      if (!Number.isInteger(index) || index < 0 || index >= length) {
        throw usage(`Record ${index} is outside of 0..${length - 1}.`, 'Ask for an index below `length`.');
      }
      const scene = render(Random.derive(seed, kind, index), width, height);
      // The light buffer is four times the picture and no longer needed.
      const frame = { ...scene.frame, color: new Float32Array(0) };
      return sceneRecord({ ...scene, frame }, `${name}-${index}`, labels);
    },
  };
}

function sceneRecord(scene: RenderedScene, id: string, labels: readonly string[]): SceneRecord {
  return {
    id,
    source: `scene ${id}`,
    image: async () => scene.image,
    objects: sceneObjects(scene),
    semantic: async () => sceneSemantic(scene, labels),
    panoptic: async () => scenePanoptic(scene),
    depth: async () => sceneDepth(scene),
  };
}

function isSide(pixels: number): boolean {
  return Number.isInteger(pixels) && pixels >= 32 && pixels <= 2048;
}

export function usage(what: string, fix: string): GlidError {
  return new GlidError('GLID_USAGE', what, { fix });
}
