import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf, ioError } from './node-error.ts';

/**
 * Makes a folder and those above it. Node's own recursive `mkdir` hides the system's reason on read-only disks and never returns
 * where the system answers "no such folder" for a folder whose parent exists.
 * @throws GLID_IO
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await makeFrom(path);
  } catch (cause) {
    throw ioError(`The folder ${path} cannot be made`, cause);
  }
}

async function makeFrom(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT' && !(await isFolder(dirname(path)))) {
      await makeFrom(dirname(path));
      await makeFrom(path);
    } else if (!(await isFolder(path))) throw error;
  }
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (info) => info.isDirectory(),
    () => false,
  );
}
