import type { Dataset } from '@glid/base';
import { type HeadRecipe, headOf } from '@glid/core';
import type { Augmentation } from '@glid/data';
import {
  onePerObject,
  presets,
  readCoco,
  readCocoPanoptic,
  readDepthList,
  readPascalVoc,
  readSemanticFolder,
} from '@glid/data';
import { depth } from '@glid/head-depth';
import { detection } from '@glid/head-detection';
import { lsp14, pose } from '@glid/head-pose';
import { segmentation } from '@glid/head-segmentation';

/** One fine-tuning experiment: where its pictures are, how large they are made, which head answers, how fast it learns. */
export interface Task {
  readonly train: Dataset;
  readonly validation: Dataset;
  /** Touched once, at the end. */
  readonly test?: Dataset;
  readonly head: HeadRecipe;
  readonly trainPipeline: readonly Augmentation[];
  readonly testPipeline: readonly Augmentation[];
  readonly learningRate: number;
  readonly batchSize: number;
}

const batchSize = 8;
const camvidLabels = [
  'sky',
  'building',
  'pole',
  'road',
  'pavement',
  'tree',
  'sign',
  'fence',
  'car',
  'pedestrian',
  'bicyclist',
];

/** The experiments by name; each reads its own folder below `root`. */
export const tasks: { readonly [name: string]: (root: string) => Promise<Task> } = {
  bccd: async (root) => {
    const labels = ['RBC', 'WBC', 'Platelets'];
    const read = (split: string) => readPascalVoc(`${root}/bccd`, { split, labels });
    return {
      ...detectionPipelines([96, 128]),
      train: await read('train'),
      validation: await read('val'),
      test: await read('test'),
      head: headOf(detection, { labels, queries: 40, placedQueries: true }),
    };
  },
  raccoon: async (root) => {
    const read = (split: string) => readPascalVoc(`${root}/raccoon`, { split, labels: ['raccoon'] });
    return {
      ...detectionPipelines([128, 128]),
      train: await read('train'),
      validation: await read('val'),
      head: headOf(detection, { labels: ['raccoon'], queries: 25, placedQueries: true }),
    };
  },
  camvid: async (root) => {
    const read = (split: string) =>
      readSemanticFolder(`${root}/camvid`, {
        images: `images/${split}`,
        annotations: `annotations/${split}`,
        labels: camvidLabels,
        ignore: [11],
      });
    const size = [128, 160] as const;
    return {
      train: await read('training'),
      validation: await read('validation'),
      test: await read('testing'),
      head: headOf(segmentation, { mode: 'semantic', labels: camvidLabels, matching: 'perClass' }),
      trainPipeline: presets.small.segmentation.train({ size }),
      testPipeline: presets.small.segmentation.test({ size }),
      learningRate: 1e-3,
      batchSize,
    };
  },
  nuclei: async (root) => {
    const read = (split: string) =>
      readCoco(`${root}/nuclei`, { annotations: `annotations/instances_${split}.json`, images: split });
    const [train, validation] = [await read('train'), await read('val')];
    return {
      train,
      validation,
      head: headOf(segmentation, { mode: 'instance', labels: train.labels, queries: 100, points: 1024 }),
      trainPipeline: presets.small.segmentation.train({ size: [128, 128] }),
      testPipeline: presets.small.segmentation.test({ size: [128, 128] }),
      learningRate: 5e-4,
      batchSize,
    };
  },
  'coco-panoptic': async (root) => {
    const read = (split: string) =>
      readCocoPanoptic(`${root}/coco-panoptic`, { annotations: `panoptic_${split}.json`, images: `images/${split}` });
    const [train, validation] = [await read('train'), await read('val')];
    return {
      train,
      validation,
      head: headOf(segmentation, {
        mode: 'panoptic',
        labels: train.labels,
        things: train.thingLabels ?? [],
        queries: 50,
        points: 1024,
      }),
      trainPipeline: presets.small.segmentation.train({ size: [128, 160] }),
      testPipeline: presets.small.segmentation.test({ size: [128, 160] }),
      learningRate: 5e-4,
      batchSize,
    };
  },
  nyu: async (root) => {
    const read = (list: string) => readDepthList(`${root}/nyu`, { list });
    return {
      train: await read('train.txt'),
      validation: await read('val.txt'),
      head: headOf(depth, { bins: 40 }),
      trainPipeline: presets.small.depth.train({ size: [96, 128] }),
      testPipeline: presets.small.depth.test({ size: [96, 128] }),
      learningRate: 1e-3,
      batchSize,
    };
  },
  lspet: async (root) => {
    const read = async (split: string) =>
      onePerObject(
        await readCoco(`${root}/lspet`, { annotations: `annotations/person_keypoints_${split}.json`, images: split }),
      );
    return {
      train: await read('train'),
      validation: await read('val'),
      head: headOf(pose, { ...lsp14, sigma: 1 }),
      trainPipeline: presets.small.pose.train({ size: [128, 96] }),
      testPipeline: presets.small.pose.test({ size: [128, 96] }),
      learningRate: 5e-4,
      batchSize,
    };
  },
};

function detectionPipelines(
  size: readonly [number, number],
): Pick<Task, 'trainPipeline' | 'testPipeline' | 'learningRate' | 'batchSize'> {
  return {
    trainPipeline: presets.small.detection.train({ size }),
    testPipeline: presets.small.detection.test({ size }),
    learningRate: 5e-4,
    batchSize,
  };
}
