import { access, lstat, readdir, readFile, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { dataError } from '@glid/base';
import { checkBytes, type FileSource, missingFile } from '../files/file-source.ts';
import { safePath } from '../files/safe-path.ts';

/** Files below a folder of this machine. Symbolic links may point anywhere BELOW the folder, never out of it. */
export function nodeFiles(folder: string): FileSource {
  const real = async (path: string): Promise<string> => {
    let root: string;
    let target: string;
    try {
      root = await realpath(folder);
      target = await realpath(join(folder, path));
    } catch (cause) {
      throw missingFile(folder, path, cause);
    }
    if (target === root || target.startsWith(root.endsWith(sep) ? root : root + sep)) return target;
    throw dataError(
      { source: `${folder}/${path}`, field: 'path' },
      'A symbolic link leads out of the data folder.',
      'Copy the file into the folder.',
    );
  };
  return {
    name: folder,
    async read(path, options) {
      const target = await real(safePath(path, folder));
      try {
        const info = await lstat(target);
        if (info.isFile()) checkBytes(info.size, options?.maxBytes, folder, path);
        else throw missingFile(folder, path);
        return await readFile(target);
      } catch (cause) {
        throw cause instanceof Error && 'errno' in cause ? missingFile(folder, path, cause) : cause;
      }
    },
    async has(path) {
      const inner = safePath(path, folder);
      return access(join(folder, inner)).then(
        () => true,
        () => false,
      );
    },
    async list(path) {
      const inner = path === '' || path === '.' ? '' : safePath(path, folder);
      try {
        const entries = await readdir(await real(inner), { withFileTypes: true });
        return entries.map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name)).sort();
      } catch (cause) {
        if (cause instanceof Error && 'errno' in cause) return [];
        throw cause;
      }
    },
  };
}
