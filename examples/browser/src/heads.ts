import { depth } from '@glid/head-depth';
import { detection } from '@glid/head-detection';
import type { AnyHead, HeadFactory } from '@glid/head-kit';
import { coco17, pose } from '@glid/head-pose';
import { segmentation } from '@glid/head-segmentation';
// Anybody's packages: outside of this repository, 'glid-head-crowd-counting' and 'glid-head-image-classification'.
import { crowdCounting } from '../../third-party-heads/crowd-counting/src/index.ts';
import { imageClassification } from '../../third-party-heads/image-classification/src/index.ts';

/** The class names that a model is to know. */
export interface Classes {
  /** Countable things: boxes. */
  readonly things: readonly string[];
  /** What a pixel can be. */
  readonly pixels: readonly string[];
}

/** A head that the page can use. */
export interface HeadEntry {
  /** Its name in models and checkpoints made here. */
  readonly key: string;
  readonly title: string;
  /** What it adds to the picture, in a few words. */
  readonly shows: string;
  readonly factory: HeadFactory<object, AnyHead, never>;
  /** Its configuration for these classes. */
  readonly configure: (classes: Classes) => object;
}

/** The configuration is checked against the head's own type here; the list holds heads of all kinds. */
function entry<Config extends object, Head extends AnyHead, Input>(
  key: string,
  title: string,
  shows: string,
  factory: HeadFactory<Config, Head, Input>,
  configure: (classes: Classes) => NoInfer<Input>,
): HeadEntry {
  return { key, title, shows, factory: factory as never, configure: configure as never };
}

/**
 * Every head that the page knows. This list is the one place to change for a head of your own: import its package and add a line.
 * A checkpoint whose head is not in it is refused by name; nothing that a checkpoint names is ever loaded.
 */
export const heads: readonly HeadEntry[] = [
  entry('detection', 'Boxes', 'what is where', detection, ({ things }) => ({
    labels: things,
    queries: 25,
    placedQueries: true,
  })),
  entry('segmentation', 'Masks', 'a class for every pixel', segmentation, ({ pixels }) => ({
    mode: 'semantic' as const,
    labels: pixels,
    matching: 'perClass' as const,
  })),
  entry('depth', 'Depth', 'how far everything is', depth, () => ({ bins: 32, minDepth: 0.5, maxDepth: 10 })),
  entry('pose', 'Joints', "one person's joints", pose, () => ({ ...coco17, sigma: 1 })),
  entry('image-classification', 'Kind', 'what it mainly shows', imageClassification, ({ things }) => ({
    labels: things,
  })),
  entry('crowd-counting', 'Count', 'how many of each, and where', crowdCounting, ({ things }) => ({ labels: things })),
];
