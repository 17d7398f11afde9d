import { GlidError } from '@glid/base';
import { nodeModules } from '../../weights/platform/node.ts';
import type { CheckpointFiles, CheckpointStore } from './checkpoint-store.ts';

type NodeFs = typeof import('node:fs/promises');
/** The part of `node:fs/promises` that is used; tests pass one that fails. */
export type CheckpointFs = Pick<NodeFs, 'mkdir' | 'open' | 'readdir' | 'readFile' | 'rename' | 'rm'>;

const unfinished = '.unfinished-';
const replaced = '.replaced-';

/**
 * One folder a checkpoint below `folder`. Files are written to a hidden folder, flushed, and the folder is renamed into place and
 * its parent flushed: a crash leaves either the whole checkpoint or a hidden leftover, which the next write removes.
 */
export async function folderStore(folder: string, fs?: CheckpointFs): Promise<CheckpointStore> {
  const node = nodeModules();
  if (!node) {
    throw new GlidError('GLID_USAGE', 'There is no file system here.', {
      fix: 'Use `memoryStore()`, or a store of your own.',
    });
  }
  const { mkdir, open, readdir, readFile, rename, rm } = fs ?? node.fs;
  const { join } = node.path;

  const flushFolder = async (path: string): Promise<void> => {
    if (node.process.platform === 'win32') return; // folders cannot be flushed there; renames are journalled
    const handle = await open(path, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  };

  const writeFlushed = async (path: string, bytes: Uint8Array): Promise<void> => {
    const handle = await open(path, 'wx');
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
  };

  const entries = async (): Promise<string[]> => {
    try {
      return await readdir(folder);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return [];
      throw error;
    }
  };

  const removeLeftovers = async (): Promise<void> => {
    for (const entry of await entries()) {
      if (entry.startsWith(unfinished) || entry.startsWith(replaced))
        await rm(join(folder, entry), { recursive: true, force: true });
    }
  };

  const putInPlace = async (from: string, name: string): Promise<void> => {
    const target = join(folder, name);
    if (!(await entries()).includes(name)) return rename(from, target);
    const aside = join(folder, `${replaced}${name}`);
    await rename(target, aside);
    await rename(from, target);
    await rm(aside, { recursive: true, force: true });
  };

  const guarded = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw ioError(`${what} in ${folder} failed`, error);
    }
  };

  return {
    place: folder,
    list: () =>
      guarded('Listing checkpoints', async () => (await entries()).filter((entry) => !entry.startsWith('.')).sort()),
    write: (name: string, files: CheckpointFiles) =>
      guarded(`Writing checkpoint '${name}'`, async () => {
        const draft = join(folder, `${unfinished}${name}`);
        await mkdir(folder, { recursive: true });
        await removeLeftovers();
        try {
          await mkdir(draft);
          for (const [file, bytes] of files) await writeFlushed(join(draft, file), bytes);
          await flushFolder(draft);
          await putInPlace(draft, name);
          await flushFolder(folder);
        } catch (error) {
          await rm(draft, { recursive: true, force: true }).catch(() => undefined);
          throw error;
        }
      }),
    read: (name) =>
      guarded(`Reading checkpoint '${name}'`, async () => {
        const files = new Map<string, Uint8Array>();
        for (const file of (await readdir(join(folder, name))).sort()) {
          files.set(file, await readFile(join(folder, name, file)));
        }
        return files;
      }),
    remove: (name) =>
      guarded(`Removing checkpoint '${name}'`, () => rm(join(folder, name), { recursive: true, force: true })),
  };
}

const fixes: Readonly<Record<string, string>> = {
  ENOSPC: 'Free some space on that disk, then resume: the last complete checkpoint is intact.',
  EDQUOT: 'The disk quota is used up: free some space, then resume from the last complete checkpoint.',
  EACCES: 'Give this process the right to write there, or choose another folder.',
  EROFS: 'That file system is read-only: choose another folder.',
  ENOENT: 'Check the path and the name of the checkpoint.',
};

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}

function ioError(what: string, error: unknown): GlidError {
  const code = codeOf(error);
  const reason = error instanceof Error ? error.message : String(error);
  return new GlidError('GLID_IO', `${what}: ${reason}.`, {
    fix: fixes[code] ?? 'Check the disk, then resume: the last complete checkpoint is intact.',
    cause: error,
    details: { code },
  });
}
