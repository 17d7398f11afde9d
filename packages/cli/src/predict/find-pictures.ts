import { readdir, realpath } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { GlidError } from '@glid/base';
import { makeFolder } from '../files/make-folder.ts';
import { ioError } from '../files/node-error.ts';
import { kindOf } from '../files/read.ts';
import { usageError } from '../usage-error.ts';

const extensions = new Set(['.jpg', '.jpeg', '.png', '.webp', '.bmp', '.gif', '.tif', '.tiff', '.avif']);

/** A picture to look at. */
export interface PictureFile {
  readonly path: string;
  /** Where its results go, relative to the output folder and without extension. */
  readonly name: string;
}

/**
 * Pictures of files and folders, one after the other, a folder's own before those of its folders. However large a folder is, only one of
 * its levels is held; of several inputs all names are, to keep results apart.
 * @param except a folder that is passed over, without symbolic links in its path
 */
export async function* findPictures(paths: readonly string[], except?: string): AsyncGenerator<PictureFile> {
  const taken = new Set<string>();
  let level = '';
  const named = (path: string, relative: string): PictureFile => {
    if (paths.length === 1 && dirname(relative) !== level) taken.clear();
    level = dirname(relative);
    const stem = relative.slice(0, relative.length - extname(relative).length);
    let name = taken.has(stem) ? relative : stem;
    for (let n = 2; taken.has(name); n++) name = `${stem}-${n}`;
    taken.add(name);
    return { path, name };
  };
  for (const path of paths) {
    if ((await kindOf(path)) === 'file') yield named(path, basename(path));
    else for await (const relative of walk(path, '', except)) yield named(join(path, relative), relative);
  }
}

/** @throws GLID_IO for the first path that is not there */
export async function checkPaths(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    if ((await kindOf(path)) !== null) continue;
    throw new GlidError('GLID_IO', `There is no ${path}.`, { fix: 'Check the path.', details: { path } });
  }
}

/**
 * Makes the folder of the results and returns its real path.
 * @throws GLID_USAGE where results would replace the pictures that they are made of; GLID_IO
 */
export async function openOutput(out: string, pictures: readonly string[]): Promise<string> {
  if ((await kindOf(out)) === 'file') throw usageError(`${out} is a file.`, 'Give --out a folder.');
  await makeFolder(out);
  const real = await realpath(out);
  for (const path of pictures) {
    const isFile = (await kindOf(path)) === 'file';
    if (isFile && extname(path).toLowerCase() !== '.png') continue;
    if ((await realpath(isFile ? dirname(path) : path)) !== real) continue;
    throw usageError(`The results in ${out} could replace your own pictures.`, 'Give another folder to --out.');
  }
  return real;
}

async function* walk(root: string, within: string, except: string | undefined): AsyncGenerator<string> {
  const folder = join(root, within);
  if (except !== undefined && (await realpath(folder)) === except) return;
  let entries: { name: string; isFolder: boolean }[];
  try {
    const found = await readdir(folder, { withFileTypes: true });
    entries = found.map((entry) => ({ name: entry.name, isFolder: entry.isDirectory() }));
  } catch (cause) {
    throw ioError(`${folder} cannot be listed`, cause);
  }
  const shown = entries.filter(({ name }) => !name.startsWith('.')).sort((a, b) => (a.name < b.name ? -1 : 1));
  const inside = (name: string): string => (within === '' ? name : `${within}/${name}`);
  for (const { name, isFolder } of shown) {
    if (!isFolder && extensions.has(extname(name).toLowerCase())) yield inside(name);
  }
  for (const { name, isFolder } of shown) if (isFolder) yield* walk(root, inside(name), except);
}
