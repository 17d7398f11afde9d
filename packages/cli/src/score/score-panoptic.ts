import { dirname, join, relative } from 'node:path';
import {
  createPanopticEvaluator,
  GlidError,
  type PanopticMap,
  type PanopticSegmentInfo,
  parseCocoPanoptic,
  parseCocoPanopticResults,
} from '@glid/base';
import { decodePanopticPng } from '@glid/data';
import { kindOf, listFiles, readBytes, readJson } from '../files/read.ts';
import { type CategoryFile, withCategories } from './categories.ts';

export interface PanopticScoreOptions {
  /** A COCO panoptic JSON with its PNGs in the folder of the same name, or that folder. */
  readonly truth: string;
  readonly results: string;
  readonly categories?: CategoryFile | undefined;
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/** Panoptic quality with panopticapi's semantics, picture by picture. NaN where nothing was counted. */
export async function scorePanoptic(options: PanopticScoreOptions): Promise<Record<string, number>> {
  const truth = await findPanoptic(options.truth);
  const results = await findPanoptic(options.results);
  const groundTruth = parseCocoPanoptic(withCategories(await readJson(truth.json), options.categories), truth.json);
  const predictions = parseCocoPanopticResults(await readJson(results.json), groundTruth, results.json);
  const predictionOf = new Map(predictions.map((prediction) => [prediction.imageId, prediction]));
  const evaluator = createPanopticEvaluator({ categories: groundTruth.categories });
  for (const [i, annotation] of groundTruth.annotations.entries()) {
    options.signal?.throwIfAborted();
    const prediction = predictionOf.get(annotation.imageId)!;
    evaluator.update({
      imageId: annotation.imageId,
      truth: await readMap(truth.maps, annotation.fileName, annotation.segments),
      prediction: await readMap(results.maps, prediction.fileName, prediction.segments),
    });
    options.onProgress?.(i + 1, groundTruth.annotations.length);
  }
  const { all, things, stuff } = evaluator.compute();
  return {
    PQ: all.PQ,
    SQ: all.SQ,
    RQ: all.RQ,
    PQ_th: things.PQ,
    SQ_th: things.SQ,
    RQ_th: things.RQ,
    PQ_st: stuff.PQ,
    SQ_st: stuff.SQ,
    RQ_st: stuff.RQ,
  };
}

async function readMap(
  folder: string,
  fileName: string,
  segments: readonly PanopticSegmentInfo[],
): Promise<PanopticMap> {
  const path = join(folder, fileName);
  if (relative(folder, path).startsWith('..')) {
    throw new GlidError('GLID_DATA', `The file name ${JSON.stringify(fileName)} leaves the folder ${folder}.`, {
      fix: 'Name the PNGs relative to their folder.',
      details: { source: folder, fileName },
    });
  }
  const { width, height, data } = await decodePanopticPng(await readBytes(path), path);
  return { size: [height, width], ids: data, segments };
}

/** The two halves of a panoptic set, whichever of them was named: `x.json` and `x/`, or a folder with one JSON file in it. */
async function findPanoptic(path: string): Promise<{ json: string; maps: string }> {
  const plain = path.replace(/[/\\]+$/, '');
  if ((await kindOf(plain)) !== 'folder') return { json: plain, maps: plain.replace(/\.json$/i, '') };
  if ((await kindOf(`${plain}.json`)) === 'file') return { json: `${plain}.json`, maps: plain };
  const inside = (await listFiles(plain)).filter((name) => name.toLowerCase().endsWith('.json'));
  if (inside.length !== 1) {
    throw new GlidError('GLID_DATA', `${plain}: ${inside.length} JSON files, neither one inside nor ${plain}.json.`, {
      fix: 'Name the panoptic JSON file; its PNGs lie in the folder of the same name.',
      details: { source: plain },
    });
  }
  const json = join(plain, inside[0]!);
  const beside = json.replace(/\.json$/i, '');
  return { json, maps: (await kindOf(beside)) === 'folder' ? beside : dirname(json) };
}
