import { type Dataset, dataError } from '@glid/base';
import { type FileSource, openRoot, type Root } from '../files/file-source.ts';
import { decodeText } from '../files/parse-json.ts';
import { joinPath } from '../files/safe-path.ts';
import { isPicture, readPicture } from './picture.ts';
import { type ReaderOptions, recordGetter } from './reader-options.ts';

export interface ImageFolderOptions extends ReaderOptions {
  /** Folder of the pictures below the root. Default the root itself. */
  readonly images?: string;
  /** A text file with one picture a line, relative to `images`. Default all pictures found. */
  readonly list?: string;
  /** Looks into sub-folders too. Default true. */
  readonly recursive?: boolean;
}

/** Pictures without annotations, by name: for pre-training and prediction. Throws `GLID_DATA` when there are none. */
export async function readImageFolder(root: Root, options: ImageFolderOptions = {}): Promise<Dataset> {
  const files = await openRoot(root);
  const folder = options.images ?? '';
  const names = options.list
    ? await readLines(files, options.list, options)
    : await findPictures(files, folder, options.recursive ?? true);
  if (names.length === 0) {
    throw dataError({ source: joinPath(files.name, folder) }, 'There are no pictures.', 'Check the folder.');
  }
  return {
    name: options.name ?? files.name,
    length: names.length,
    labels: [],
    get: recordGetter(names, (name) => ({
      id: name,
      source: joinPath(files.name, folder, name),
      image: () => readPicture(files, joinPath(folder, name), options),
    })),
  };
}

/** Pictures below a folder, relative to it, in order. */
export async function findPictures(files: FileSource, folder: string, recursive: boolean): Promise<string[]> {
  const found: string[] = [];
  for (const name of await files.list(folder)) {
    if (name.endsWith('/')) {
      if (!recursive) continue;
      const inner = name.slice(0, -1);
      for (const path of await findPictures(files, joinPath(folder, inner), true)) found.push(`${inner}/${path}`);
    } else if (isPicture(name)) found.push(name);
  }
  return found;
}

/** Lines of a text file that hold something. */
export async function readLines(files: FileSource, path: string, options: ReaderOptions): Promise<string[]> {
  const text = decodeText(await files.read(path, options), `${files.name}/${path}`);
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
}
