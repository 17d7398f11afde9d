import {
  type CocoTask,
  cocoKeypointSigmas,
  evaluateCocoResults,
  GlidError,
  parseCocoGroundTruth,
  parseCocoResults,
} from '@glid/base';
import { readJson } from '../files/read.ts';
import { type CategoryFile, withCategories } from './categories.ts';

/** The evaluators' names -> those of the command line. */
const shortNames: Readonly<Record<string, string>> = {
  APsmall: 'APs',
  APmedium: 'APm',
  APlarge: 'APl',
  'AR@1': 'AR1',
  'AR@10': 'AR10',
  'AR@100': 'AR100',
  ARsmall: 'ARs',
  ARmedium: 'ARm',
  ARlarge: 'ARl',
  delta1: 'd1',
  delta2: 'd2',
  delta3: 'd3',
};

export interface CocoScoreOptions {
  readonly task: CocoTask;
  /** COCO ground truth and COCO results, JSON files. */
  readonly truth: string;
  readonly results: string;
  readonly categories?: CategoryFile | undefined;
  /** OKS fall-off a joint. By default the file's own, or COCO's for 17 joints. */
  readonly sigmas?: readonly number[] | undefined;
}

/** COCO's numbers of a results file under the names of the command line; -1 where there is no ground truth. */
export async function scoreCoco(options: CocoScoreOptions): Promise<Record<string, number>> {
  const { task, truth, results } = options;
  const json = withCategories(await readJson(truth), options.categories);
  const groundTruth = parseCocoGroundTruth(json, truth);
  const entries = parseCocoResults(await readJson(results), groundTruth, results);
  const sigmas = task === 'keypoints' ? (options.sigmas ?? sigmasOf(json, truth)) : undefined;
  const { stats } = evaluateCocoResults(groundTruth, entries, { task, ...(sigmas ? { sigmas } : {}) });
  return renamed(stats);
}

/** Metrics under the names that every verb prints. */
export function renamed(stats: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(stats).map(([name, value]) => [shortNames[name] ?? name, value]));
}

/** `sigmas` of the category with joints (not COCO's own field), or COCO's where there are 17 joints. */
function sigmasOf(json: unknown, source: string): readonly number[] {
  const { categories } = json as { readonly categories: readonly { keypoints?: unknown[]; sigmas?: number[] }[] };
  const withJoints = categories.find(({ keypoints }) => keypoints && keypoints.length > 0);
  if (withJoints?.sigmas) return withJoints.sigmas;
  const joints = withJoints?.keypoints?.length ?? cocoKeypointSigmas.length;
  if (joints === cocoKeypointSigmas.length) return cocoKeypointSigmas;
  throw new GlidError('GLID_DATA', `${source}: the fall-off (sigma) of its ${joints} joints is not known.`, {
    fix: "Give one number a joint with --sigmas, or as 'sigmas' of the category.",
    details: { source, joints },
  });
}
