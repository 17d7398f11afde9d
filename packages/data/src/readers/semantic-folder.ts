import { type Dataset, dataError, GlidError, type LabelMap } from '@glid/base';
import { decodeLabelPng } from '../decode/decode-maps.ts';
import { type FileSource, openRoot, type Root } from '../files/file-source.ts';
import { joinPath } from '../files/safe-path.ts';
import { findPictures, readLines } from './image-folder.ts';
import { readPicture, stemOf } from './picture.ts';
import { type ReaderOptions, recordGetter } from './reader-options.ts';

export interface SemanticFolderOptions extends ReaderOptions {
  /** For example `images/training`. */
  readonly images: string;
  /** For example `annotations/training`: a PNG of the same name for each picture. */
  readonly annotations: string;
  /** Class names in the order of class indices. */
  readonly labels: readonly string[];
  /** Values that mean "no class", before any reduction. Default [255], with `reduceLabels` [0, 255]. */
  readonly ignore?: readonly number[];
  /** ADE20K: 0 means "no class" and value v is class v - 1. Default false. */
  readonly reduceLabels?: boolean;
  /** Instead of both: the class index of each stored value; values that are absent mean "no class". */
  readonly classOf?: { readonly [value: number]: number };
  /** A text file with one picture name a line (with or without extension). Default all pictures found. */
  readonly list?: string;
}

/** Pictures with class maps in parallel folders, as ADE20K has them. Throws `GLID_DATA` when there are no pictures. */
export async function readSemanticFolder(root: Root, options: SemanticFolderOptions): Promise<Dataset> {
  const files = await openRoot(root);
  const table = valueTable(options);
  let names = await findPictures(files, options.images, true);
  if (options.list) {
    const wanted = new Set(
      (await readLines(files, options.list, options)).map((line) => stemOf(line.split(/\s+/)[0]!)),
    );
    names = names.filter((name) => wanted.has(stemOf(name)));
  }
  if (names.length === 0) {
    throw dataError({ source: joinPath(files.name, options.images) }, 'There are no pictures.', 'Check the folder.');
  }
  return {
    name: options.name ?? joinPath(files.name, options.images),
    length: names.length,
    labels: [],
    semanticLabels: options.labels,
    get: recordGetter(names, (name) => {
      const map = joinPath(options.annotations, `${name.slice(0, name.lastIndexOf('.'))}.png`);
      const path = joinPath(options.images, name);
      return {
        id: name.slice(0, name.lastIndexOf('.')),
        source: `${files.name}/${path}`,
        image: () => readPicture(files, path, options),
        semantic: () => readClasses(files, map, table, options),
      };
    }),
  };
}

const ignored = 255;
const unknown = -1;

/** The class of every stored value: an index, 255 = none, -1 = an error. */
function valueTable(options: SemanticFolderOptions): Int16Array {
  const { labels, reduceLabels = false, classOf } = options;
  const table = new Int16Array(65536).fill(classOf ? ignored : unknown);
  if (labels.length === 0 || labels.length > 255) {
    throw new GlidError('GLID_USAGE', `${labels.length} classes were given.`, { fix: 'Give 1 to 255 class names.' });
  }
  if (classOf) {
    for (const [value, index] of Object.entries(classOf)) {
      if (!Number.isInteger(index) || index < 0 || index >= labels.length) {
        throw new GlidError('GLID_USAGE', `classOf maps ${value} to class ${index}.`, {
          fix: `Map to 0..${labels.length - 1}; leave out what means no class.`,
        });
      }
      table[Number(value)] = index;
    }
    return table;
  }
  for (let i = 0; i < labels.length; i++) table[reduceLabels ? i + 1 : i] = i;
  for (const value of options.ignore ?? (reduceLabels ? [0, 255] : [255])) table[value] = ignored;
  return table;
}

async function readClasses(
  files: FileSource,
  path: string,
  table: Int16Array,
  options: SemanticFolderOptions,
): Promise<LabelMap> {
  const source = `${files.name}/${path}`;
  const { width, height, data: stored } = await decodeLabelPng(await files.read(path, options), source);
  const data = new Uint8Array(stored.length);
  for (let i = 0; i < data.length; i++) {
    const value = table[stored[i]!]!;
    if (value === unknown) {
      throw dataError(
        { source, got: stored[i], x: i % width, y: Math.floor(i / width) },
        `The map holds value ${stored[i]}, but there are ${options.labels.length} classes.`,
        'Set `ignore`, `reduceLabels` or `classOf`, or correct the map.',
      );
    }
    data[i] = value;
  }
  return { width, height, data };
}
