import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GlidError } from '@glid/base';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  cacheStorageCache,
  type DirectoryHandleLike,
  defaultWeightCache,
  type FileHandleLike,
  folderCache,
  fromUrl,
  loadWeights,
  opfsCache,
  saveWeights,
  type WeightCache,
} from '../src/weights/index.ts';

const metadata = { backbone: null, heads: [], provenance: null };
const parameters = { w: { data: Float32Array.from({ length: 2000 }, (_, i) => i), shape: [2000] } };

let folder: string;
let server: Server;
let base: string;
let requests: string[];
let files: Map<string, Uint8Array>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'glid-cache-'));
  requests = [];
  const saved = await saveWeights(parameters, { metadata, shardBytes: 3000 });
  files = new Map(saved.files.map(({ name, bytes }) => [`/m/${name}`, bytes]));
  server = createServer((request, response) => {
    requests.push(request.url!);
    const bytes = files.get(request.url!);
    response.statusCode = bytes ? 200 : 404;
    response.end(bytes ?? 'no');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/m`;
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true, force: true });
});

async function refused(promise: Promise<unknown>): Promise<GlidError> {
  const error = await promise.then(
    () => null,
    (e: unknown) => e,
  );
  if (!GlidError.isInstance(error)) throw new Error(`no GlidError but ${error}`);
  return error;
}

const url = (): string => `${base}/weights.json`;

describe('fromUrl', () => {
  it('fetches manifest and parts, then only the manifest, then nothing when offline', async () => {
    const cache = folderCache(folder);
    const progress: number[] = [];
    const first = await loadWeights(fromUrl(url(), { cache }), { onProgress: (loaded) => progress.push(loaded) });
    expect(first.tensor('w').data).toEqual(parameters.w.data);
    expect(requests).toHaveLength(4);
    expect(progress.at(-1)).toBe([...files.values()].slice(0, 3).reduce((sum, { length }) => sum + length, 0));
    expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([]);

    requests = [];
    await loadWeights(fromUrl(url(), { cache }));
    expect(requests).toEqual(['/m/weights.json']);

    requests = [];
    const offline = await loadWeights(fromUrl(url(), { cache, offline: true }));
    expect(offline.tensor('w').data).toEqual(parameters.w.data);
    expect(requests).toEqual([]);
  });

  it('keeps nothing with cache: false, and refuses when offline without a copy', async () => {
    await loadWeights(fromUrl(url(), { cache: false }));
    await loadWeights(fromUrl(url(), { cache: false }));
    expect(requests).toHaveLength(8);
    expect(await readdir(folder)).toEqual([]);
    requests = [];
    const error = await refused(loadWeights(fromUrl(url(), { cache: folderCache(folder), offline: true })));
    expect(error.code).toBe('GLID_IO');
    expect(error.message).toContain(folder);
    expect(requests).toEqual([]);
  });

  it('GLID_OFFLINE=1 and GLID_CACHE are the defaults in Node', async () => {
    const before = { ...process.env };
    process.env.GLID_CACHE = folder;
    try {
      await loadWeights(fromUrl(url()));
      expect(await readdir(folder)).toHaveLength(4);
      requests = [];
      process.env.GLID_OFFLINE = '1';
      await loadWeights(fromUrl(url()));
      expect(requests).toEqual([]);
    } finally {
      process.env = before;
    }
  });

  it('fetches a damaged cached part again, and never caches a wrong answer', async () => {
    const cache = folderCache(folder);
    await loadWeights(fromUrl(url(), { cache }));
    const part = (await readdir(folder)).find((name) => name.startsWith('sha256-'))!;
    await writeFile(join(folder, part), 'damaged');
    requests = [];
    expect((await loadWeights(fromUrl(url(), { cache }))).tensor('w').data).toEqual(parameters.w.data);
    expect(requests).toHaveLength(2);

    await rm(folder, { recursive: true });
    const [name] = [...files.keys()];
    files.set(name!, files.get(name!)!.slice().fill(1, 100, 200));
    const error = await refused(loadWeights(fromUrl(url(), { cache })));
    expect(error.code).toBe('GLID_CHECKPOINT');
    for (const key of (await readdir(folder)).filter((name) => name.startsWith('sha256-'))) {
      const digest = createHash('sha256').update(await readFile(join(folder, key)));
      expect(key).toBe(`sha256-${digest.digest('hex')}`);
    }
    files.set(name!, new Uint8Array(1e6));
    expect((await refused(loadWeights(fromUrl(url(), { cache })))).message).toMatch(/sends more than the 3000 bytes/);
  });

  it('takes a bare safetensors file from the cache when it is there', async () => {
    const saved = await saveWeights(parameters, { metadata });
    files.set('/m/bare.safetensors', saved.files[0]!.bytes);
    const totals: (number | null)[] = [];
    const options = { cache: folderCache(folder) };
    await loadWeights(fromUrl(`${base}/bare.safetensors`, options), { onProgress: (_, total) => totals.push(total) });
    await loadWeights(fromUrl(`${base}/bare.safetensors`, options));
    expect(requests).toEqual(['/m/bare.safetensors']);
    expect(totals.at(-1)).toBe(saved.manifest.bytes);
  });

  it('gives typed errors for 404, a dead server, a relative URL and an abort', async () => {
    const missing = await refused(loadWeights(fromUrl(`${base}/none.json`, { cache: false })));
    expect([missing.code, missing.details.status]).toEqual(['GLID_IO', 404]);
    const dead = fromUrl('https://weights.invalid/x.json', {
      cache: false,
      fetch: () => Promise.reject(new TypeError('fetch failed')),
    });
    expect((await refused(loadWeights(dead))).message).toMatch(/cannot be fetched: fetch failed/);
    expect(() => fromUrl('weights.json')).toThrow(/not an absolute URL/);
    const controller = new AbortController();
    const stopped = loadWeights(fromUrl(url(), { cache: false }), {
      signal: controller.signal,
      onProgress: () => controller.abort(),
    });
    expect((await refused(stopped)).code).toBe('GLID_ABORTED');
    expect((await refused(loadWeights(fromUrl(url()), { signal: AbortSignal.abort() }))).code).toBe('GLID_ABORTED');
  });

  it('loads even when the cache cannot be read or written', async () => {
    const broken: WeightCache = {
      location: 'nowhere',
      get: () => Promise.reject(new Error('unreadable')),
      put: () => Promise.reject(new Error('full')),
      delete: () => Promise.reject(new Error('read-only')),
    };
    expect((await loadWeights(fromUrl(url(), { cache: broken }))).names).toEqual(['w']);
  });
});

/** Cache Storage and OPFS as far as they are used, in memory. */
function fakeCaches(): Parameters<typeof cacheStorageCache>[0] {
  const entries = new Map<string, Response>();
  return {
    open: async () => ({
      match: async (request) => entries.get(request)?.clone(),
      put: async (request, response) => void entries.set(request, response),
      delete: async (request) => entries.delete(request),
    }),
  };
}

function fakeDirectory(): DirectoryHandleLike {
  const kept = new Map<string, Uint8Array<ArrayBuffer>>();
  const fileHandle = (name: string): FileHandleLike => ({
    getFile: async () => new Blob([kept.get(name)!]),
    createWritable: async () => {
      let written = new Uint8Array(0);
      return {
        write: async (data) => {
          written = data.slice();
        },
        close: async () => void kept.set(name, written),
      };
    },
  });
  const directory: DirectoryHandleLike = {
    getDirectoryHandle: async () => directory,
    getFileHandle: async (name, options) => {
      if (!kept.has(name) && !options?.create) throw new DOMException('absent', 'NotFoundError');
      if (!kept.has(name)) kept.set(name, new Uint8Array(0));
      return fileHandle(name);
    },
    removeEntry: async (name) => {
      if (!kept.delete(name)) throw new DOMException('absent', 'NotFoundError');
    },
  };
  return directory;
}

describe.each<[string, () => WeightCache]>([
  ['folder', () => folderCache(folder)],
  ['Cache Storage', () => cacheStorageCache(fakeCaches())],
  ['origin-private file system', () => opfsCache(async () => directory)],
])('the %s cache', (_, make) => {
  it('gets what was put, null before and after', async () => {
    const cache = make();
    expect(await cache.get('sha256-1')).toBeNull();
    await cache.delete('sha256-1');
    await cache.put('sha256-1', Uint8Array.of(1, 2, 3));
    await cache.put('sha256-2', Uint8Array.of(9));
    await cache.put('sha256-1', Uint8Array.of(4, 5));
    expect(await cache.get('sha256-1')).toEqual(Uint8Array.of(4, 5));
    await cache.delete('sha256-1');
    expect(await cache.get('sha256-1')).toBeNull();
    expect(await cache.get('sha256-2')).toEqual(Uint8Array.of(9));
  });
});
const directory = fakeDirectory();

it('chooses the cache of the place', () => {
  expect(defaultWeightCache()?.location).toMatch(/glid/);
  expect(defaultWeightCache({ caches: fakeCaches() })?.location).toMatch(/Cache Storage/);
  const storage = { getDirectory: async () => fakeDirectory() };
  expect(defaultWeightCache({ navigator: { storage } })?.location).toMatch(/origin-private/);
  expect(defaultWeightCache({})).toBeNull();
});
