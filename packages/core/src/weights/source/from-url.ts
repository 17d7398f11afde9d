import { GlidError } from '@glid/base';
import { throwIfAborted } from '../platform/abort.ts';
import { nodeModules } from '../platform/node.ts';
import { type FileDigest, findMismatch, sha256, verifyDigest } from '../sha256.ts';
import { readBody } from './read-body.ts';
import { defaultWeightCache, type WeightCache } from './weight-cache.ts';
import type { ReadOptions, WeightSource } from './weight-source.ts';

export interface FromUrlOptions {
  /** Where downloads are kept; `false` keeps none. By default a folder in Node, Cache Storage or OPFS in browsers. */
  readonly cache?: WeightCache | false;
  /** Never touch the network: only the cache answers. By default true when the environment variable `GLID_OFFLINE` is `1`. */
  readonly offline?: boolean;
  /** In place of the global `fetch`, for headers, proxies and tests. */
  readonly fetch?: (url: string, init: { signal?: AbortSignal }) => Promise<Response>;
}

/**
 * Weights at a URL: a `.safetensors` file, or a manifest `.json` with its parts beside it. Parts are cached under their SHA-256 and
 * verified on the way in and out. A manifest is asked for anew unless `offline`; a bare `.safetensors` file is taken from the cache when
 * it is there, so give it a URL that never changes its content.
 */
export function fromUrl(url: string | URL, options: FromUrlOptions = {}): WeightSource {
  const base = absoluteUrl(url);
  const entry = base.pathname.slice(base.pathname.lastIndexOf('/') + 1) || 'weights';
  const cache = options.cache === undefined ? defaultWeightCache() : options.cache || null;
  const offline = options.offline ?? nodeModules()?.process.env.GLID_OFFLINE === '1';
  const load = options.fetch ?? ((address, init) => fetch(address, init));

  async function read(name: string, readOptions: ReadOptions = {}): Promise<Uint8Array> {
    const { expected, signal, onProgress } = readOptions;
    throwIfAborted(signal, `Loading ${base.href}`);
    const address = name === entry ? base.href : new URL(encodeURIComponent(name), base).href;
    const key = expected ? `sha256-${expected.sha256}` : `url-${await sha256(new TextEncoder().encode(address))}`;
    const refresh = !offline && name.endsWith('.json');
    const cached = cache && !refresh ? await getVerified(cache, key, expected) : null;
    if (cached) {
      onProgress?.(cached.length, cached.length);
      return cached;
    }
    if (offline) throw notCached(address, cache);
    const bytes = await download(load, address, readOptions);
    if (expected) await verifyDigest(bytes, expected, address);
    // A full or read-only cache costs the next start a download, not this one its weights.
    await cache?.put(key, bytes).catch(() => undefined);
    return bytes;
  }
  return { description: base.href, entry, read };
}

function absoluteUrl(url: string | URL): URL {
  const page = (globalThis as { location?: { href?: string } }).location?.href;
  try {
    return new URL(url, page);
  } catch (cause) {
    throw new GlidError('GLID_USAGE', `'${url}' is not an absolute URL.`, {
      fix: 'Pass one that begins with https://, or use fromFile for a path.',
      cause,
    });
  }
}

/** A cached file; one that is unreadable or no longer what it should be is dropped. */
async function getVerified(cache: WeightCache, key: string, expected?: FileDigest): Promise<Uint8Array | null> {
  const bytes = await cache.get(key).catch(() => null);
  if (!bytes || !expected || (await findMismatch(bytes, expected)) === null) return bytes;
  await cache.delete(key).catch(() => undefined);
  return null;
}

async function download(
  load: NonNullable<FromUrlOptions['fetch']>,
  address: string,
  options: ReadOptions,
): Promise<Uint8Array> {
  let response: Response;
  try {
    response = await load(address, options.signal ? { signal: options.signal } : {});
    if (response.ok) return await readBody(response, address, options);
  } catch (cause) {
    throwIfAborted(options.signal, `Fetching ${address}`);
    if (GlidError.isInstance(cause)) throw cause;
    throw new GlidError('GLID_IO', `${address} cannot be fetched: ${(cause as Error).message}.`, {
      fix: 'Check the connection, or pass offline: true to use the cached copy.',
      cause,
      details: { file: address },
    });
  }
  throw new GlidError('GLID_IO', `${address} answered ${response.status} ${response.statusText}.`, {
    fix: 'Check the URL and the right to read it.',
    details: { file: address, status: response.status },
  });
}

function notCached(address: string, cache: WeightCache | null): GlidError {
  return new GlidError('GLID_IO', `${address} is not in ${cache ? `the cache (${cache.location})` : 'a cache'}.`, {
    fix: 'Load it once while online, or bring the files and use fromFile.',
    details: { file: address },
  });
}
