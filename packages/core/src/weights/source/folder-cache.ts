import { GlidError } from '@glid/base';
import { type NodeModules, nodeModules } from '../platform/node.ts';
import type { WeightCache } from './weight-cache.ts';
import { writeFileAtomically } from './write-file.ts';

/** Files in a folder (Node); without a path in `GLID_CACHE`, or else in the user's cache folder. */
export function folderCache(folder?: string): WeightCache {
  const node = nodeModules();
  if (!node) {
    throw new GlidError('GLID_USAGE', 'There is no file system here.', { fix: 'Leave `cache` out in a browser.' });
  }
  const location = folder ?? defaultFolder(node);
  const pathOf = (key: string): string => node.path.join(location, key);
  return {
    location,
    async get(key) {
      try {
        return new Uint8Array(await node.fs.readFile(pathOf(key)));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
        throw error;
      }
    },
    async put(key, bytes) {
      await node.fs.mkdir(location, { recursive: true });
      await writeFileAtomically(node, pathOf(key), bytes);
    },
    async delete(key) {
      await node.fs.rm(pathOf(key), { force: true });
    },
  };
}

function defaultFolder({ process, path, os }: NodeModules): string {
  const { env, platform } = process;
  if (env.GLID_CACHE) return env.GLID_CACHE;
  const home = os.homedir();
  if (platform === 'win32') return path.join(env.LOCALAPPDATA ?? path.join(home, 'AppData', 'Local'), 'glid', 'cache');
  if (platform === 'darwin') return path.join(home, 'Library', 'Caches', 'glid');
  return path.join(env.XDG_CACHE_HOME || path.join(home, '.cache'), 'glid');
}
