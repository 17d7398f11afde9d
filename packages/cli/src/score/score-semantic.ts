import { createSemanticEvaluator, dataError, type LabelMap } from '@glid/base';
import { decodeLabelPng } from '@glid/data';
import { readBytes } from '../files/read.ts';
import type { CategoryFile } from './categories.ts';
import { type MapPair, mapPairs } from './map-pairs.ts';

export interface SemanticScoreOptions {
  readonly truth: string;
  readonly results: string;
  /** The classes by stored value. When absent: values 0 up to the highest that a prediction holds. */
  readonly categories?: CategoryFile | undefined;
  /** Ground-truth values that count nowhere, beside 255 and the category file's own. */
  readonly ignore?: readonly number[] | undefined;
  readonly warn: (text: string) => void;
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

interface Classes {
  readonly ids: readonly number[];
  readonly names: readonly string[];
  readonly ignore: ReadonlySet<number>;
}

const ignored = 255;
const largest = 65536;

/** Mean IoU over classes with ground truth, and pixel accuracy, of folders of label maps. */
export async function scoreSemantic(options: SemanticScoreOptions): Promise<Record<string, number>> {
  const pairs = await mapPairs(options.truth, options.results, options.warn);
  const classes = await classesOf(pairs, options);
  const evaluator = createSemanticEvaluator({ labels: classes.names, ignore: -1 });
  const rows = new Int32Array(largest).fill(-2);
  for (const value of classes.ignore) rows[value] = -1;
  for (const [row, id] of classes.ids.entries()) rows[id] = row;
  for (const [i, pair] of pairs.entries()) {
    options.signal?.throwIfAborted();
    const truth = await readMap(pair.truth);
    const prediction = await readMap(pair.result);
    if (truth.width !== prediction.width || truth.height !== prediction.height) {
      throw dataError(
        { source: pair.result, expected: [truth.width, truth.height], got: [prediction.width, prediction.height] },
        `The map is ${prediction.width} x ${prediction.height}, its ground truth ${truth.width} x ${truth.height}.`,
        'Bring predictions to the size of their picture first.',
      );
    }
    const actual = toRows(truth, rows, pair.truth);
    evaluator.update({ imageId: pair.name, truth: actual, prediction: predictedRows(prediction, rows, actual, pair) });
    options.onProgress?.(i + 1, pairs.length);
  }
  const { mIoU, pixelAccuracy } = evaluator.compute();
  return { mIoU, pixelAccuracy };
}

async function readMap(path: string): Promise<LabelMap> {
  return decodeLabelPng(await readBytes(path), path);
}

async function classesOf(pairs: readonly MapPair[], options: SemanticScoreOptions): Promise<Classes> {
  const { categories: file, warn } = options;
  const ignore = new Set([ignored, ...(options.ignore ?? []), ...(file?.ignore === undefined ? [] : [file.ignore])]);
  if (file) {
    const kept = file.categories.filter(({ id }) => !ignore.has(id));
    return { ids: kept.map(({ id }) => id), names: kept.map(({ name }) => name), ignore };
  }
  const [actual, predicted] = [new Set<number>(), new Set<number>()];
  for (const pair of pairs) {
    for (const value of (await readMap(pair.truth)).data) actual.add(value);
    for (const value of (await readMap(pair.result)).data) predicted.add(value);
  }
  const highest = Math.max(...predicted);
  const above = [...actual].filter((value) => value > highest && !ignore.has(value)).sort((a, b) => a - b);
  if (above.length > 0) {
    for (const value of above) ignore.add(value);
    warn(
      `the ground truth holds ${above.join(', ')}, above every predicted class: taken as "no class". If that is wrong, name all classes with --categories.`,
    );
  }
  const ids = Array.from({ length: highest + 1 }, (_, id) => id).filter((id) => !ignore.has(id));
  return { ids, names: ids.map(String), ignore };
}

/** Stored values -> rows of the class list; -1 = counts nowhere. */
function toRows(map: LabelMap, rows: Int32Array, source: string): Int32Array {
  const out = new Int32Array(map.data.length);
  for (let i = 0; i < out.length; i++) {
    const row = rows[map.data[i]!]!;
    if (row === -2) throw strange(source, map.data[i]!);
    out[i] = row;
  }
  return out;
}

/** Where the ground truth counts nowhere a prediction may hold anything. */
function predictedRows(map: LabelMap, rows: Int32Array, truth: Int32Array, pair: MapPair): Int32Array {
  const out = new Int32Array(map.data.length);
  for (let i = 0; i < out.length; i++) {
    if (truth[i]! < 0) continue;
    const row = rows[map.data[i]!]!;
    if (row < 0) throw strange(pair.result, map.data[i]!);
    out[i] = row;
  }
  return out;
}

function strange(source: string, value: number): Error {
  return dataError(
    { source, got: value },
    `The map holds the value ${value}, which is no class.`,
    'Give all classes with --categories, or the values of the ground truth that mean "no class" with --ignore.',
  );
}
