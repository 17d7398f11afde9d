import type { KernelBackend, Tensor } from '@tensorflow/tfjs-core';
import { backend, engine, keep } from '@tensorflow/tfjs-core';

const maximumEntries = 256;
const maximumBytes = 256 * 2 ** 20;

/** Most recently used last (a Map keeps insertion order). */
const caches = new Map<KernelBackend, Map<string, Tensor>>();

/**
 * A tensor that depends on nothing but `key` (masks, indices, interpolation weights), built once a backend.
 * It survives `tidy` and belongs to the cache: never dispose it, and fetch it again in a gradient rather than save it.
 * The least recently used go when there are more than 256 or they exceed 256 MiB.
 */
export function constantTensor<T extends Tensor>(key: string, build: () => T): T {
  const owner = backend() as KernelBackend;
  let cache = caches.get(owner);
  if (cache === undefined) {
    forgetRemovedBackends();
    cache = new Map();
    caches.set(owner, cache);
  }
  const known = cache.get(key);
  if (known !== undefined) {
    cache.delete(key);
    if (!known.isDisposed) {
      cache.set(key, known);
      return known as T;
    }
  }
  const made = keep(build());
  cache.set(key, made);
  evict(cache);
  return made;
}

/** Frees the cached constants of one backend (the active one by default), or of all. */
export function disposeConstants(which: 'active' | 'all' = 'active'): void {
  const owners = which === 'all' ? [...caches.keys()] : [backend() as KernelBackend];
  for (const owner of owners) {
    for (const tensor of caches.get(owner)?.values() ?? []) tensor.dispose();
    caches.delete(owner);
  }
}

/** How many constants are cached for the active backend, and their size. */
export function constantsInUse(): { count: number; bytes: number } {
  const tensors = [...(caches.get(backend() as KernelBackend)?.values() ?? [])];
  return { count: tensors.length, bytes: tensors.reduce((sum, tensor) => sum + 4 * tensor.size, 0) };
}

/** Tensors die with their backend; only our references to it remain. */
function forgetRemovedBackends(): void {
  const alive = new Set(Object.values(engine().registry));
  for (const owner of caches.keys()) if (!alive.has(owner)) caches.delete(owner);
}

function evict(cache: Map<string, Tensor>): void {
  let bytes = 0;
  for (const tensor of cache.values()) bytes += 4 * tensor.size;
  for (const [key, tensor] of cache) {
    // The newest two stay whatever their size: an op may hold one while it fetches another.
    if (cache.size <= 2 || (cache.size <= maximumEntries && bytes <= maximumBytes)) return;
    cache.delete(key);
    bytes -= 4 * tensor.size;
    tensor.dispose();
  }
}
