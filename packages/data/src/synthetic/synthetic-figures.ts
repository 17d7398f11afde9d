import type { Dataset, Random } from '@glid/base';
import type { Camera } from './camera.ts';
import { person } from './figure/person.ts';
import { keepVisible, type PlacedThing, placeThing } from './layout.ts';
import { renderScene } from './render-scene.ts';
import { type SceneDatasetOptions, sceneDataset } from './scene-dataset.ts';
import { thingMakers } from './things/index.ts';

/** `size` is [128, 96] when absent. */
export type SyntheticFiguresOptions = SceneDatasetOptions;

/**
 * Close-ups for pose estimation: one large jointed figure a picture, with at most two other things that stand behind
 * or partly before it. Only the figure is annotated as an object; the maps know everything.
 * Throws `GLID_USAGE` for impossible options.
 */
export function syntheticFigures(options: SyntheticFiguresOptions = {}): Dataset {
  const dataset = sceneDataset(
    'synthetic-figures',
    options,
    [128, 96],
    Object.keys(thingMakers),
    (random, width, height) => {
      const figure = person(random);
      const tall = figure.bounds[3];
      const z = random.uniform(2.2, 4);
      const focal = (height * random.uniform(0.6, 0.95) * z) / tall;
      const eyeHeight = random.uniform(0.8, 1.7);
      const footRow = height * random.uniform(0.9, 1);
      const camera: Camera = {
        width,
        height,
        focal,
        eyeHeight,
        centerX: width / 2,
        horizonY: footRow - (focal * eyeHeight) / z,
      };
      const main = placeThing(camera, figure, z, width * random.uniform(0.4, 0.6));
      return renderScene(random, camera, (own) => {
        const together = keepVisible(camera, [...bystanders(own, camera, z), main]);
        return together.includes(main) ? together : [main];
      });
    },
  );
  return {
    ...dataset,
    labels: ['person'],
    async get(index) {
      const record = await dataset.get(index);
      const people = (record.objects ?? []).filter((object) => object.label === 'person');
      return { ...record, objects: people };
    },
  };
}

function bystanders(random: Random, camera: Camera, z: number): PlacedThing[] {
  const labels = Object.keys(thingMakers).filter((label) => label !== 'person');
  return Array.from({ length: random.integer(3) }, () => {
    const thing = thingMakers[labels[random.integer(labels.length)]!]!(random);
    const depth = random.boolean(0.7) ? z + random.uniform(0.7, 2.5) : z - random.uniform(0.4, 0.8);
    const side = random.boolean() ? random.uniform(-0.05, 0.35) : random.uniform(0.65, 1.05);
    return placeThing(camera, thing, depth, camera.width * side);
  });
}
