import type { WeightCache } from './weight-cache.ts';

/** The part of the browser's `CacheStorage` that is used. */
export interface CacheStorageLike {
  open(name: string): Promise<{
    match(request: string): Promise<{ arrayBuffer(): Promise<ArrayBuffer> } | undefined>;
    put(request: string, response: Response): Promise<void>;
    delete(request: string): Promise<boolean>;
  }>;
}

const cacheName = 'glid-weights';

/** Files in the browser's Cache Storage, under URLs that no server answers. */
export function cacheStorageCache(caches: CacheStorageLike): WeightCache {
  const request = (key: string): string => `https://weights.glid.invalid/${key}`;
  return {
    location: `Cache Storage '${cacheName}'`,
    async get(key) {
      const response = await (await caches.open(cacheName)).match(request(key));
      return response ? new Uint8Array(await response.arrayBuffer()) : null;
    },
    async put(key, bytes) {
      const response = new Response(bytes as Uint8Array<ArrayBuffer>, {
        headers: { 'content-type': 'application/octet-stream', 'content-length': String(bytes.length) },
      });
      await (await caches.open(cacheName)).put(request(key), response);
    },
    async delete(key) {
      await (await caches.open(cacheName)).delete(request(key));
    },
  };
}
