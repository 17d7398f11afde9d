import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GlidError } from '@glid/base';
import { enableProdMode, setBackend, tensor1d, tensor2d } from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type CheckpointMetadata,
  describeCheckpoint,
  formatCheckpoint,
  fromBytes,
  fromFile,
  loadWeights,
  readSafetensors,
  type SavedWeights,
  saveWeights,
  type WeightManifest,
  writeSafetensors,
  writeWeights,
} from '../src/weights/index.ts';

enableProdMode();
const metadata: CheckpointMetadata = {
  backbone: { preset: 'nano', window: 8 },
  heads: [
    { key: 'boxes', id: '@glid/head-detection', version: '1.2.3', config: { queries: 5 }, labels: ['cat', 'dög'] },
  ],
  provenance: { dataset: 'synthetic scenes', steps: 1000 },
};
const parameters = {
  'encoder.patchEmbed.kernel': { data: Float32Array.from({ length: 3000 }, (_, i) => Math.sin(i)), shape: [30, 100] },
  'heads.boxes.class.kernel': { data: Float32Array.of(0.5, -0.25, 1, 2, 3, 4), shape: [2, 3] },
};
const sourceOf = (saved: SavedWeights): ReturnType<typeof fromBytes> =>
  fromBytes(new Map(saved.files.map(({ name, bytes }) => [name, bytes])));

async function codeOf(promise: Promise<unknown>): Promise<GlidError> {
  const error = await promise.then(
    () => null,
    (e: unknown) => e,
  );
  if (!GlidError.isInstance(error)) throw new Error(`no GlidError but ${error}`);
  return error;
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'glid-weights-'));
  expect(await setBackend('cpu')).toBe(true);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('saveWeights and loadWeights', () => {
  it('round-trip one file bit for bit, with backbone, heads, labels and provenance', async () => {
    const saved = await saveWeights(parameters, { metadata });
    expect(saved.files.map(({ name }) => name)).toEqual(['weights.safetensors', 'weights.json']);
    const loaded = await loadWeights(sourceOf(saved));
    expect(loaded.about).toEqual(metadata);
    for (const [name, value] of Object.entries(parameters)) expect(loaded.tensor(name)).toEqual(value);
    const bare = await loadWeights(fromBytes(saved.files[0]!.bytes));
    expect(bare.about).toEqual(metadata);
  });

  it('cuts files into parts that join to the same file, whatever the part size', async () => {
    const one = await saveWeights(parameters, { metadata, shardBytes: Number.POSITIVE_INFINITY });
    const whole = one.files[0]!.bytes;
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1024, max: 14_000 }), async (shardBytes) => {
        const saved = await saveWeights(parameters, { metadata, shardBytes });
        const parts = saved.files.slice(0, -1);
        expect(parts).toHaveLength(Math.ceil(whole.length / shardBytes));
        expect(Buffer.concat(parts.map(({ bytes }) => bytes)).equals(whole)).toBe(true);
        for (const { bytes } of parts) expect(bytes.length).toBeLessThanOrEqual(shardBytes);
        const loaded = await loadWeights(sourceOf(saved));
        expect(loaded.tensor('encoder.patchEmbed.kernel')).toEqual(parameters['encoder.patchEmbed.kernel']);
      }),
      { numRuns: 25 },
    );
  });

  it('keeps parts at 4 MiB by default', async () => {
    const large = { 'encoder.x': { data: new Float32Array(2_300_000), shape: [2_300_000] } };
    const { manifest } = await saveWeights(large, { metadata });
    expect(manifest.parts.map(({ bytes }) => bytes).slice(0, 2)).toEqual([2 ** 22, 2 ** 22]);
    expect(manifest.parts[0]!.name).toBe('weights.safetensors.part-00001-of-00003');
  });

  it('writes equal bytes for equal parameters, tensors or arrays, in any order', async () => {
    const kernel = parameters['encoder.patchEmbed.kernel'];
    const small = parameters['heads.boxes.class.kernel'];
    const a = await saveWeights(parameters, { metadata });
    const b = await saveWeights(
      {
        'heads.boxes.class.kernel': tensor2d(small.data, [2, 3]),
        'encoder.patchEmbed.kernel': tensor2d(kernel.data, [30, 100]),
      },
      {
        metadata: {
          ...metadata,
          backbone: { window: 8, preset: 'nano' },
          provenance: { steps: 1000, dataset: 'synthetic scenes' },
        },
      },
    );
    expect(b.manifest).toEqual(a.manifest);
  });

  it('stores fp16 in half the bytes, each value the nearest half', async () => {
    const full = await saveWeights(parameters, { metadata });
    const half = await saveWeights(parameters, { metadata, dtype: 'f16' });
    expect(full.manifest.bytes - half.manifest.bytes).toBeGreaterThan(3006 * 2 - 100);
    const got = (await loadWeights(sourceOf(half))).tensor('encoder.patchEmbed.kernel').data;
    const want = parameters['encoder.patchEmbed.kernel'].data;
    for (let i = 0; i < want.length; i++) {
      expect(Math.abs(got[i]! - want[i]!)).toBeLessThanOrEqual(Math.abs(want[i]!) * 2 ** -11 + 2 ** -25);
    }
    const overflow = saveWeights({ x: tensor1d([1e6]) }, { metadata, dtype: 'f16' });
    expect((await codeOf(overflow)).message).toMatch(/exceeds what F16/);
  });

  it('reports progress up to the total and can be stopped', async () => {
    const saved = await saveWeights(parameters, { metadata, shardBytes: 1024 });
    const seen: [number, number | null][] = [];
    await loadWeights(sourceOf(saved), { onProgress: (...progress) => seen.push(progress) });
    expect(seen.at(-1)).toEqual([saved.manifest.bytes, saved.manifest.bytes]);
    expect(seen.map(([loaded]) => loaded)).toEqual(seen.map(([loaded]) => loaded).toSorted((a, b) => a - b));
    const controller = new AbortController();
    const stopped = loadWeights(sourceOf(saved), {
      signal: controller.signal,
      onProgress: (loaded) => loaded > 4000 && controller.abort(),
    });
    expect((await codeOf(stopped)).code).toBe('GLID_ABORTED');
  });

  it.each<[string, (m: WeightManifest) => unknown, RegExp]>([
    ['a path as a part', (m) => ({ ...m, parts: [{ ...m.parts[0]!, name: '../x' }] }), /no plain file name/],
    ['an absolute path', (m) => ({ ...m, parts: [{ ...m.parts[0]!, name: '/etc/passwd' }] }), /no plain file name/],
    ['a wrong sum', (m) => ({ ...m, bytes: m.bytes + 1 }), /its parts have/],
    ['a wrong digest', (m) => ({ ...m, parts: [{ ...m.parts[0]!, sha256: '0'.repeat(64) }] }), /SHA-256 is/],
    ['a digest that is none', (m) => ({ ...m, parts: [{ ...m.parts[0]!, sha256: 'x' }] }), /no SHA-256/],
    ['a part twice', (m) => ({ ...m, parts: [m.parts[0], m.parts[0]] }), /listed twice/],
    ['no parts', (m) => ({ ...m, parts: [] }), /not a list of parts/],
    ['another version', (m) => ({ ...m, version: 2 }), /version 2/],
    ['another format', () => ({ weights: [] }), /not a manifest/],
    ['null', () => null, /not a manifest/],
  ])('refuses a manifest with %s', async (_, edit, message) => {
    const saved = await saveWeights(parameters, { metadata });
    const files = new Map(saved.files.map(({ name, bytes }) => [name, bytes]));
    files.set('weights.json', new TextEncoder().encode(JSON.stringify(edit(saved.manifest))));
    const error = await codeOf(loadWeights(fromBytes(files)));
    expect(error.code).toBe('GLID_CHECKPOINT');
    expect(error.message).toMatch(message);
  });

  it('refuses one flipped bit, a missing part, and malformed metadata', async () => {
    const saved = await saveWeights(parameters, { metadata, shardBytes: 2048 });
    const files = new Map(saved.files.map(({ name, bytes }) => [name, bytes.slice()]));
    const [second] = [...files.keys()].slice(1);
    files.get(second!)![77]! ^= 4;
    expect((await codeOf(loadWeights(fromBytes(files)))).message).toMatch(/part-00002-of-\d+: its SHA-256 is/);
    files.delete(second!);
    expect((await codeOf(loadWeights(fromBytes(files)))).code).toBe('GLID_IO');

    const withMetadata = (heads: unknown): Promise<unknown> =>
      loadWeights(
        fromBytes(
          writeSafetensors(new Map(), {
            metadata: new Map(Object.entries({ format: 'glid', formatVersion: '1', heads: JSON.stringify(heads) })),
          }),
        ),
      );
    const head = metadata.heads[0]!;
    expect((await codeOf(withMetadata([{ ...head, id: 'x; rm -rf ~' }]))).message).toMatch(/no valid id/);
    expect((await codeOf(withMetadata([{ ...head, version: '1.0.0 && x' }]))).message).toMatch(/no version/);
    expect((await codeOf(withMetadata([head, head]))).message).toMatch(/two heads/);
    expect((await codeOf(withMetadata([{ ...head, labels: ['a', 'a'] }]))).message).toMatch(/label twice/);
    expect((await codeOf(withMetadata([{ ...head, key: '__proto__' }]))).message).toMatch(/no valid key/);
    expect((await codeOf(withMetadata('x'))).message).toMatch(/not a list/);
    await expect(withMetadata([head])).resolves.toMatchObject({ about: { heads: [head] } });
  });

  it('refuses impossible options', async () => {
    expect((await codeOf(saveWeights(parameters, { metadata, name: '../x' }))).code).toBe('GLID_USAGE');
    expect((await codeOf(saveWeights(parameters, { metadata, shardBytes: 10 }))).code).toBe('GLID_USAGE');
    expect(() => fromBytes(new Map())).toThrow(/no files/);
  });
});

describe('fromFile and writeWeights', () => {
  it('write parts and manifest without leaving temporary files, and read them back', async () => {
    const saved = await saveWeights(parameters, { metadata, shardBytes: 4096, name: 'model' });
    await writeWeights(join(folder, 'deep', 'er'), saved);
    expect((await readdir(join(folder, 'deep', 'er'))).toSorted()).toEqual(saved.files.map((f) => f.name).toSorted());
    const loaded = await loadWeights(fromFile(join(folder, 'deep', 'er', 'model.json')));
    expect(loaded.tensor('heads.boxes.class.kernel')).toEqual(parameters['heads.boxes.class.kernel']);
  });

  it('reads a bare safetensors file with progress', async () => {
    const saved = await saveWeights(parameters, { metadata });
    const path = join(folder, 'bare.safetensors');
    await writeFile(path, saved.files[0]!.bytes);
    const seen: (number | null)[] = [];
    const loaded = await loadWeights(fromFile(path), { onProgress: (_, total) => seen.push(total) });
    expect(loaded.names).toHaveLength(2);
    expect(seen).toEqual([saved.manifest.bytes]);
    expect(readSafetensors(await readFile(path)).names).toEqual(loaded.names);
  });

  it('says which file is missing', async () => {
    const error = await codeOf(loadWeights(fromFile(join(folder, 'absent.safetensors'))));
    expect(error.code).toBe('GLID_IO');
    expect(error.message).toMatch(/absent\.safetensors/);
    expect((await codeOf(writeWeights('/dev/null/x', await saveWeights({}, { metadata })))).code).toBe('GLID_IO');
  });
});

it('describeCheckpoint lists tensors, heads, labels, provenance and digest', async () => {
  const saved = await saveWeights(parameters, { metadata, shardBytes: 4096 });
  const description = await describeCheckpoint(sourceOf(saved));
  const one = await saveWeights(parameters, { metadata });
  expect(description).toMatchObject({
    sha256: one.manifest.parts[0]!.sha256,
    elements: 3006,
    bytes: saved.manifest.bytes,
    about: metadata,
  });
  const text = formatCheckpoint(description);
  expect(text).toMatch(/2 tensors, 3,006 values/);
  expect(text).toMatch(/head 'boxes': @glid\/head-detection 1\.2\.3, labels cat, dög/);
  expect(text).toMatch(/encoder: 1 tensors, 12,000 bytes/);
});
