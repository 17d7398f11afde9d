import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { GlidError } from '@glid/base';
import { codeOf, ioError } from './node-error.ts';

/** The bytes of a file. @throws GLID_IO */
export async function readBytes(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw ioError(`${path} cannot be read`, cause);
  }
}

/** The value in a JSON file. @throws GLID_IO, GLID_DATA */
export async function readJson(path: string): Promise<unknown> {
  const bytes = await readBytes(path);
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown;
  } catch (cause) {
    throw new GlidError('GLID_DATA', `${path} is not JSON (${(cause as Error).message}).`, {
      fix: 'Check that the file is whole and that it is the right one.',
      cause,
      details: { source: path },
    });
  }
}

/** What lies at a path; `null` for nothing. @throws GLID_IO for anything that cannot be looked at */
export async function kindOf(path: string): Promise<'file' | 'folder' | null> {
  try {
    const info = await stat(path);
    return info.isDirectory() ? 'folder' : 'file';
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT' || codeOf(cause) === 'ENOTDIR') return null;
    throw ioError(`${path} cannot be looked at`, cause);
  }
}

/** Files below a folder by relative path with `/`, in order; hidden ones are left out. @throws GLID_IO */
export async function listFiles(folder: string, within = ''): Promise<string[]> {
  const path = join(folder, within);
  try {
    const entries = await readdir(path, { withFileTypes: true });
    const found: string[] = [];
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (entry.name.startsWith('.')) continue;
      const name = within === '' ? entry.name : `${within}/${entry.name}`;
      if (entry.isDirectory()) found.push(...(await listFiles(folder, name)));
      else found.push(name);
    }
    return found;
  } catch (cause) {
    if (GlidError.isInstance(cause)) throw cause;
    throw ioError(`${path} cannot be listed`, cause);
  }
}
