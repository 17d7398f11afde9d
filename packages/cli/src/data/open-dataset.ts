import { basename, join } from 'node:path';
import { type Dataset, GlidError } from '@glid/base';
import {
  readCoco,
  readCocoPanoptic,
  readDepthList,
  readImageFolder,
  readPascalVoc,
  readSemanticFolder,
  readYolo,
  type SyntheticScenesOptions,
  syntheticFigures,
  syntheticScenes,
} from '@glid/data';
import { kindOf } from '../files/read.ts';
import { readCategories } from '../score/categories.ts';
import { chooseSplit, type DataFolder, findFormats, lookInto, rootOf } from './data-folder.ts';
import type { DataRequest } from './data-request.ts';
import { drawnOnce } from './drawn-once.ts';
import { type Format, splitNames } from './formats.ts';

type Opener = (folder: DataFolder, request: DataRequest) => Promise<Dataset>;

/** A data set and how it was read. */
export interface OpenedDataset {
  readonly dataset: Dataset;
  readonly format: Format;
}

/**
 * Opens what `--data` and its companions name; the format is found out where it is not said.
 * @throws GLID_IO, GLID_DATA with what to add to the command line
 */
export async function openDataset(request: DataRequest): Promise<OpenedDataset> {
  const { data, limit } = request;
  if (Object.hasOwn(drawn, data)) {
    return { format: 'synthetic', dataset: synthetic(request) };
  }
  const { root, annotations } = await rootOf(data);
  const folder = await lookInto(root);
  const full = annotations === undefined ? request : { ...request, annotations };
  const format = request.format ?? (await detectFormat(folder, full));
  if (format === 'synthetic') {
    throw new GlidError('GLID_USAGE', `Synthetic scenes are not read from ${data}.`, { fix: 'Give --data synthetic.' });
  }
  const dataset = await openers[format](folder, full);
  return { format, dataset: limit === undefined ? dataset : { ...dataset, length: Math.min(limit, dataset.length) } };
}

async function detectFormat(folder: DataFolder, request: DataRequest): Promise<Format> {
  if (/\.ya?ml$/i.test(request.annotations ?? '')) return 'yolo';
  if (request.annotations?.endsWith('.json')) {
    return /panoptic/.test(basename(request.annotations)) ? 'coco-panoptic' : 'coco';
  }
  const found = await findFormats(folder);
  const { wanted } = request;
  if (!wanted) return found[0]!;
  const fitting = wanted.find((format) => found.includes(format));
  if (fitting) return fitting;
  throw new GlidError('GLID_DATA', `${folder.root} looks like: ${found.join(', ')}. None of them has what is needed.`, {
    fix: `Give data in one of the formats ${wanted.join(', ')}, or say which it is with --format.`,
    details: { found, wanted },
  });
}

/** What is drawn rather than read. */
const drawn: { readonly [name: string]: (options: SyntheticScenesOptions) => Dataset } = {
  synthetic: syntheticScenes,
  'synthetic-near': (options) =>
    syntheticScenes({ ...options, things: [1, 3], distance: [1.9, 3.2], colors: 'byLabel' }),
  'synthetic-figures': ({ labels: _, ...options }) => syntheticFigures(options),
};

/** Test scenes come from another seed than training scenes; `--labels` chooses what they show. */
function synthetic({ data, part, limit, seed = 0, size, labels }: DataRequest): Dataset {
  const options = {
    seed: part === 'train' ? seed : seed + 1_000_003,
    length: limit ?? (part === 'train' ? 512 : 64),
    ...(size ? { size } : {}),
    ...(labels ? { labels } : {}),
  };
  return drawnOnce(drawn[data]!(options), size ?? [128, 128]);
}

const openers: Readonly<Record<Exclude<Format, 'synthetic'>, Opener>> = {
  async folder({ root, folders, files }, { images, list, split, part, labels }) {
    const inside = images ?? (folders.has('images') ? 'images' : '');
    const present = splitsOf(files, /^(.+)\.txt$/);
    const lists =
      list === undefined && (split !== undefined || present.some((name) => splitNames[part].includes(name)));
    const names = list ?? (lists ? `${chooseSplit(present, part, split, root)}.txt` : undefined);
    if (names === undefined && part === 'test') chooseSplit([], part, split, root);
    const pictures = await readImageFolder(root, { images: inside, ...(names === undefined ? {} : { list: names }) });
    return labels ? { ...pictures, labels } : pictures;
  },
  async coco(folder, request) {
    const { path, split } = annotationFile(folder, request, ['instances', 'person_keypoints', 'annotations']);
    return readCoco(folder.root, { annotations: path, images: await pictureFolder(folder, request, split) });
  },
  async 'coco-panoptic'(folder, request) {
    const { path, split } = annotationFile(folder, request, ['panoptic']);
    return readCocoPanoptic(folder.root, { annotations: path, images: await pictureFolder(folder, request, split) });
  },
  async voc({ root }, { part, split, labels, annotations }) {
    const { files } = await lookInto(join(root, 'ImageSets/Main'));
    const chosen = annotations ?? chooseSplit(splitsOf(files, /^(.+)\.txt$/), part, split, root);
    return readPascalVoc(root, { split: chosen, ...(labels ? { labels } : {}) });
  },
  async yolo({ root }, { part, split, annotations }) {
    const config = annotations ?? 'data.yaml';
    if (split !== undefined) return readYolo(root, { config, split });
    for (const name of splitNames[part]) {
      try {
        return await readYolo(root, { config, split: name });
      } catch (error) {
        if (!GlidError.isInstance(error, 'GLID_DATA') || error.details.field !== name) throw error;
      }
    }
    return readYolo(root, { config, split: splitNames[part][0]! });
  },
  async ade({ root }, request) {
    const [pictures, maps] = [await lookInto(join(root, 'images')), await lookInto(join(root, 'annotations'))];
    const { part, split, images, annotations, list } = request;
    const own = images ?? `images/${chooseSplit([...pictures.folders], part, split, `${root}/images`)}`;
    const ofMaps = annotations ?? `annotations/${chooseSplit([...maps.folders], part, split, `${root}/annotations`)}`;
    return readSemanticFolder(root, {
      images: own,
      annotations: ofMaps,
      ...(list === undefined ? {} : { list }),
      ...(await classesOf(root, request)),
    });
  },
  async 'depth-list'({ root, files }, { part, split, list, depthUnit }) {
    const chosen = list ?? `${chooseSplit(splitsOf(files, /^(.+)\.txt$/), part, split, root)}.txt`;
    return readDepthList(root, { list: chosen, ...(depthUnit === undefined ? {} : { metresPerUnit: depthUnit }) });
  },
};

function splitsOf(names: Iterable<string>, pattern: RegExp): string[] {
  return [...names].map((name) => pattern.exec(name)?.[1]).filter((name) => name !== undefined);
}

/** The annotation file of a split: `<kind>_<split>.json`. Keypoints come first where joints are wanted. */
function annotationFile(
  { root, json }: DataFolder,
  { annotations, part, split, joints }: DataRequest,
  kinds: readonly string[],
): { path: string; split: string } {
  const order = joints
    ? [...kinds].sort((a, b) => Number(b.includes('keypoints')) - Number(a.includes('keypoints')))
    : kinds;
  if (annotations !== undefined) {
    return {
      path: annotations,
      split: basename(annotations, '.json').replace(new RegExp(`^(${order.join('|')})_?`), ''),
    };
  }
  for (const kind of order) {
    const own = json.filter((path) => basename(path).startsWith(kind));
    if (own.length === 0) continue;
    const splitOf = (path: string): string => basename(path, '.json').slice(kind.length).replace(/^_/, '');
    const chosen = chooseSplit(own.map(splitOf), part, split, root);
    return { path: own.find((path) => splitOf(path) === chosen)!, split: chosen };
  }
  throw new GlidError('GLID_DATA', `${root} has no annotation file (${order.join(' or ')}…json).`, {
    fix: 'Name it with --annotations, relative to the data folder.',
  });
}

async function pictureFolder({ root }: DataFolder, { images }: DataRequest, split: string): Promise<string> {
  if (images !== undefined) return images;
  const candidates = split === '' ? ['images'] : [`images/${split}`, split, 'images'];
  for (const candidate of candidates) if ((await kindOf(join(root, candidate))) === 'folder') return candidate;
  return '';
}

/** Class names of a semantic folder: `--labels` in the order of values, or a file with the value of each. */
async function classesOf(
  root: string,
  { labels, categories: file }: DataRequest,
): Promise<{ labels: readonly string[]; classOf?: Record<number, number> }> {
  if (labels) return { labels };
  const path = file ?? join(root, 'classes.json');
  if (file === undefined && (await kindOf(path)) !== 'file') {
    throw new GlidError('GLID_DATA', `The class names of ${root} are not known.`, {
      fix: 'Put a classes.json into the folder ([{ "id": 0, "name": "sky" }, …]), or give --labels sky,road,… or --categories FILE.',
    });
  }
  const { categories, ignore } = await readCategories(path);
  const kept = categories.filter(({ id }) => id !== ignore);
  return {
    labels: kept.map(({ name }) => name),
    classOf: Object.fromEntries(kept.map(({ id }, index) => [id, index])),
  };
}
