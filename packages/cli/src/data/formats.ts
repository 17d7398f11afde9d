/** Layouts of data sets that can be read. */
export const formats = ['folder', 'coco', 'coco-panoptic', 'voc', 'yolo', 'ade', 'depth-list', 'synthetic'] as const;

export type Format = (typeof formats)[number];

/** What a set is read for: names of splits to look for, most wanted first. */
export type Part = 'train' | 'test';

export const splitNames: Readonly<Record<Part, readonly string[]>> = {
  train: ['train', 'training', 'trainval', 'train2017', 'train2014'],
  test: ['val', 'valid', 'validation', 'val2017', 'val2014', 'test', 'testing'],
};
