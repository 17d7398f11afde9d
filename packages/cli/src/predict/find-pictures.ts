import { readdir } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { GlidError } from '@glid/base';
import { ioError } from '../files/node-error.ts';
import { kindOf } from '../files/read.ts';

const extensions = new Set(['.jpg', '.jpeg', '.png', '.webp', '.bmp', '.gif', '.tif', '.tiff', '.avif']);

/** A picture to look at. */
export interface PictureFile {
  readonly path: string;
  /** Where its results go, relative to the output folder and without extension. */
  readonly name: string;
}

/** Pictures of files and folders, one after the other: however large a folder is, only one of its levels is held. */
export async function* findPictures(paths: readonly string[]): AsyncGenerator<PictureFile> {
  const taken = new Set<string>();
  const named = (path: string, relative: string): PictureFile => {
    const stem = relative.slice(0, relative.length - extname(relative).length);
    const name = taken.has(stem) ? relative : stem;
    taken.add(name);
    return { path, name };
  };
  for (const path of paths) {
    if ((await kindOf(path)) === 'file') yield named(path, basename(path));
    else for await (const relative of walk(path, '')) yield named(join(path, relative), relative);
  }
}

/** @throws GLID_IO for the first path that is not there */
export async function checkPaths(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    if ((await kindOf(path)) !== null) continue;
    throw new GlidError('GLID_IO', `There is no ${path}.`, { fix: 'Check the path.', details: { path } });
  }
}

async function* walk(root: string, within: string): AsyncGenerator<string> {
  const folder = join(root, within);
  let entries: { name: string; isFolder: boolean }[];
  try {
    const found = await readdir(folder, { withFileTypes: true });
    entries = found.map((entry) => ({ name: entry.name, isFolder: entry.isDirectory() }));
  } catch (cause) {
    throw ioError(`${folder} cannot be listed`, cause);
  }
  for (const { name, isFolder } of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (name.startsWith('.')) continue;
    const relative = within === '' ? name : `${within}/${name}`;
    if (isFolder) yield* walk(root, relative);
    else if (extensions.has(extname(name).toLowerCase())) yield relative;
  }
}
