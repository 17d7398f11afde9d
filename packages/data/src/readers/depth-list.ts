import { type Dataset, type DepthMap, dataError } from '@glid/base';
import { decodeDepthPng } from '../decode/decode-maps.ts';
import { type FileSource, openRoot, type Root } from '../files/file-source.ts';
import { safePath } from '../files/safe-path.ts';
import { readLines } from './image-folder.ts';
import { readPicture } from './picture.ts';
import { type ReaderOptions, recordGetter } from './reader-options.ts';

export interface DepthListOptions extends ReaderOptions {
  /** A text file: picture and depth PNG on each line, relative to the root; a third column (focal length) is not used. */
  readonly list: string;
  /** Metres a grey level. Default 0.001 (millimetres, NYU Depth v2). */
  readonly metresPerUnit?: number;
  /** Farther values become 0 = unknown. */
  readonly maxDepth?: number;
}

/** Pairs of picture and 16-bit depth PNG, as the NYU Depth v2 lists name them. Throws `GLID_DATA` for lines that name no pair. */
export async function readDepthList(root: Root, options: DepthListOptions): Promise<Dataset> {
  const files = await openRoot(root);
  const source = `${files.name}/${options.list}`;
  const pairs = (await readLines(files, options.list, options)).map((line, i) => {
    const [picture, depth, ...rest] = line.split(/\s+/);
    if (picture !== undefined && depth !== undefined && rest.length <= 1) {
      // Published lists write a leading slash; it means the root.
      return {
        picture: safePath(picture.replace(/^\//, ''), source),
        depth: safePath(depth.replace(/^\//, ''), source),
      };
    }
    throw dataError(
      { source, id: i + 1, field: 'line', got: line.slice(0, 200) },
      'does not name a pair.',
      "Write 'picture depth'.",
    );
  });
  if (pairs.length === 0) throw dataError({ source }, 'The list is empty.', 'Add lines: picture depth.');
  return {
    name: options.name ?? source,
    length: pairs.length,
    labels: [],
    get: recordGetter(pairs, ({ picture, depth }) => ({
      id: picture,
      source: `${files.name}/${picture}`,
      image: () => readPicture(files, picture, options),
      depth: () => readDepth(files, depth, options),
    })),
  };
}

async function readDepth(files: FileSource, path: string, options: DepthListOptions): Promise<DepthMap> {
  const bytes = await files.read(path, options);
  const map = await decodeDepthPng(bytes, `${files.name}/${path}`, options.metresPerUnit ?? 0.001);
  const { maxDepth } = options;
  return maxDepth === undefined ? map : { ...map, data: map.data.map((metres) => (metres > maxDepth ? 0 : metres)) };
}
