import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { GlidError } from '@glid/base';
import { ioError } from '../files/node-error.ts';
import { kindOf, readBytes } from '../files/read.ts';
import { type Format, type Part, splitNames } from './formats.ts';

/** A data folder and the names in it that tell layouts apart. */
export interface DataFolder {
  readonly root: string;
  readonly folders: ReadonlySet<string>;
  readonly files: ReadonlySet<string>;
  /** JSON files in the root and in `annotations/`, relative to the root. */
  readonly json: readonly string[];
}

/** @throws GLID_IO */
export async function lookInto(root: string): Promise<DataFolder> {
  const [top, inner] = [await names(root), await names(join(root, 'annotations'), true)];
  const isJson = (name: string): boolean => name.endsWith('.json');
  return {
    root,
    folders: new Set(top.folders),
    files: new Set(top.files),
    json: [...top.files.filter(isJson), ...inner.files.filter(isJson).map((name) => `annotations/${name}`)],
  };
}

async function names(folder: string, optional = false): Promise<{ folders: string[]; files: string[] }> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    const sorted = entries
      .map((entry) => [entry.name, entry.isDirectory()] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1));
    return {
      folders: sorted.filter(([, isFolder]) => isFolder).map(([name]) => name),
      files: sorted.filter(([, isFolder]) => !isFolder).map(([name]) => name),
    };
  } catch (cause) {
    if (optional) return { folders: [], files: [] };
    throw ioError(`The data folder ${folder} cannot be read`, cause);
  }
}

/** Layouts that a folder seems to have, the surest first. */
export async function findFormats(folder: DataFolder): Promise<readonly Format[]> {
  const { folders, files, json, root } = folder;
  const found: Format[] = [];
  if (json.some((path) => /(^|\/)(instances|person_keypoints|annotations)[^/]*\.json$/.test(path))) found.push('coco');
  if (folders.has('JPEGImages') && folders.has('Annotations')) found.push('voc');
  if (json.some((path) => /(^|\/)panoptic_[^/]*\.json$/.test(path))) found.push('coco-panoptic');
  if (files.has('data.yaml')) found.push('yolo');
  if (folders.has('images') && folders.has('annotations') && (await hasFolder(join(root, 'annotations'))))
    found.push('ade');
  if (await isDepthList(folder)) found.push('depth-list');
  found.push('folder');
  return found;
}

async function hasFolder(path: string): Promise<boolean> {
  return (await names(path, true)).folders.length > 0;
}

async function isDepthList({ root, files }: DataFolder): Promise<boolean> {
  const list = [...splitNames.train, ...splitNames.test].map((name) => `${name}.txt`).find((name) => files.has(name));
  if (list === undefined) return false;
  const [first = ''] = new TextDecoder().decode((await readBytes(join(root, list))).subarray(0, 4096)).split('\n');
  const columns = first.trim().split(/\s+/);
  return columns.length >= 2 && columns[1]!.toLowerCase().endsWith('.png');
}

/** The split of a set out of the names that it has. A split that was asked for must be there. */
export function chooseSplit(present: readonly string[], part: Part, asked: string | undefined, place: string): string {
  if (asked !== undefined && present.includes(asked)) return asked;
  const chosen = asked === undefined ? splitNames[part].find((name) => present.includes(name)) : undefined;
  if (chosen !== undefined) return chosen;
  const [only, ...others] = present;
  if (asked === undefined && part === 'train' && only !== undefined && others.length === 0) return only;
  throw new GlidError(
    'GLID_DATA',
    `${place} has no split ${asked === undefined ? `for ${part === 'train' ? 'training' : 'evaluation'}` : `'${asked}'`}.`,
    {
      fix: `Name one with --split or --eval-split: ${present.join(', ') || 'none was found'}.`,
      details: { present, asked },
    },
  );
}

/** The data folder of a path that may name an annotation file in it. */
export async function rootOf(path: string): Promise<{ root: string; annotations?: string }> {
  const kind = await kindOf(path);
  if (kind === null) {
    throw new GlidError('GLID_IO', `There is no ${path}.`, {
      fix: "Check the path given to --data, or use 'synthetic', which needs no files.",
    });
  }
  if (kind === 'folder') return { root: path };
  if (!/\.(json|ya?ml)$/i.test(path)) {
    throw new GlidError('GLID_USAGE', `${path} is neither a folder nor an annotation file.`, {
      fix: 'Give --data the folder of the data set, its JSON annotations or its data.yaml.',
    });
  }
  const folder = dirname(path);
  return basename(folder) === 'annotations'
    ? { root: dirname(folder), annotations: `annotations/${basename(path)}` }
    : { root: folder, annotations: basename(path) };
}
