import type { Dataset, SceneRecord } from '@glid/base';
import {
  type Augmentation,
  type BatchSource,
  batchSource,
  evaluationSource,
  keepInMemory,
  photometricJitter,
  poseCrop,
  randomFlip,
  resizeInside,
  syntheticFigures,
  syntheticScenes,
  type TargetSources,
} from '@glid/data';
import type { Lesson, TrainingRequest } from '../protocol.ts';
import { alternate } from './alternate.ts';
import { type PictureShelf, sceneSize } from './picture-shelf.ts';

/** What a run reads. */
export interface Course {
  readonly data: BatchSource;
  readonly test: ReturnType<typeof evaluationSource>;
}

const batchSize = 4;
/** Sides are padded as predictions pad them. */
const collate = { divisor: 32 };

/** The user's own pictures with their labels: learnt from, and measured on. */
export function ownCourse(request: TrainingRequest, shelf: PictureShelf, sources: TargetSources, side: number): Course {
  const dataset = labelledPictures(request, shelf);
  const size = Math.min(batchSize, dataset.length);
  const whole = [resizeInside([side, side])];
  const pipeline = request.vary ? [...whole, ...variation] : whole;
  return {
    data: batchSource({ dataset, sources, pipeline, batchSize: size, collate }),
    test: evaluationSource({ dataset, sources, pipeline: whole, batchSize: size, collate }),
  };
}

/** Synthetic scenes for the heads that look at whole pictures, single figures for joints; measured on other ones. */
export function sceneCourse(sources: TargetSources, side: number, vary: boolean): Course {
  const { pose, ...scene } = sources;
  const whole = [resizeInside([side, side])];
  const crop = [poseCrop({ size: [side, side] })];
  const pipeline = (base: readonly Augmentation[]) => (vary ? [...base, ...variation] : base);
  const scenes = (seed: number, length: number) => keepInMemory(syntheticScenes({ seed, length, size: sceneSize }));
  const figures = (seed: number, length: number) => keepInMemory(syntheticFigures({ seed, length, size: side }));
  const parts: Course[] = [];
  if (Object.keys(scene).length > 0) {
    const [own, test] = [scenes(1, 200), scenes(2, 8)];
    parts.push({
      data: batchSource({ dataset: own, sources: scene, pipeline: pipeline(whole), batchSize, collate }),
      test: evaluationSource({ dataset: test, sources: scene, pipeline: whole, batchSize, collate }),
    });
  }
  if (pose) {
    const [own, test] = [figures(1, 200), figures(2, 8)];
    parts.push({
      data: batchSource({ dataset: own, sources: { pose }, pipeline: pipeline(crop), batchSize, collate }),
      test: evaluationSource({ dataset: test, sources: { pose }, pipeline: crop, batchSize, collate }),
    });
  }
  return {
    data: alternate(parts.map(({ data }) => data)),
    test: {
      pictures: parts.reduce((sum, { test }) => sum + test.pictures, 0),
      async *batches(options) {
        for (const { test } of parts) yield* test.batches(options);
      },
    },
  };
}

const variation: readonly Augmentation[] = [
  randomFlip(),
  photometricJitter({ brightness: 24, contrast: [0.8, 1.2], saturation: [0.8, 1.2], hue: 12 }),
];

function labelledPictures({ labels, lessons }: TrainingRequest, shelf: PictureShelf): Dataset {
  const records = lessons.map((lesson) => recordOf(lesson, shelf));
  return {
    name: 'labelled in the page',
    length: records.length,
    labels,
    semanticLabels: [background, ...labels],
    get: async (index) => records[index]!,
  };
}

/** What a pixel is called that nobody painted. */
export const background = 'background';

function recordOf({ picture, boxes, pixels }: Lesson, shelf: PictureShelf): SceneRecord {
  const { name, image } = shelf.get(picture);
  const { width, height } = image;
  return {
    id: `${picture}`,
    source: name,
    image: async () => image,
    ...(boxes ? { objects: boxes } : {}),
    ...(pixels ? { semantic: async () => ({ width, height, data: pixels }) } : {}),
  };
}
