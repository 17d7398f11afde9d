import { nodeModules } from '../platform/node.ts';
import { type CacheStorageLike, cacheStorageCache } from './cache-storage-cache.ts';
import { folderCache } from './folder-cache.ts';
import { type DirectoryHandleLike, opfsCache } from './opfs-cache.ts';

/** Keeps downloaded files. Keys are made of letters, digits and dashes; a `put` that fails leaves what was there. */
export interface WeightCache {
  /** Where it keeps files, for people. */
  readonly location: string;
  get(key: string): Promise<Uint8Array | null>;
  put(key: string, bytes: Uint8Array): Promise<void>;
  delete(key: string): Promise<void>;
}

interface BrowserGlobals {
  readonly caches?: CacheStorageLike;
  readonly navigator?: { readonly storage?: { getDirectory?(): Promise<DirectoryHandleLike> } };
}

/**
 * The cache of this place: a folder in Node (`GLID_CACHE`, else the user's cache folder), Cache Storage in browsers, the origin-private
 * file system where that is missing, and null where neither exists.
 */
export function defaultWeightCache(globals: BrowserGlobals = globalThis as BrowserGlobals): WeightCache | null {
  if (globals === globalThis && nodeModules()) return folderCache();
  if (globals.caches) return cacheStorageCache(globals.caches);
  const storage = globals.navigator?.storage;
  return storage?.getDirectory ? opfsCache(() => storage.getDirectory!()) : null;
}
