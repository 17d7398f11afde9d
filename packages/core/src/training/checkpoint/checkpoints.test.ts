import * as nodeFs from 'node:fs/promises';
import { mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nothingYet } from '../early-stopping.ts';
import { checkpointWeights, latestState, saveBest, saveState } from './checkpoints.ts';
import { type CheckpointFs, folderStore } from './folder-store.ts';
import { memoryStore } from './memory-store.ts';
import type { HostRecord, TrainingState } from './training-state.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'glid-checkpoints-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const record = (scale: number): HostRecord =>
  new Map([
    ['encoder.kernel', { data: Float32Array.of(0.1 * scale, -0, 1e-45, 3.4e38), shape: [2, 2] }],
    ['heads.a.bias', { data: Float32Array.of(scale), shape: [1] }],
  ]);

const stateAt = (step: number): TrainingState => ({
  step,
  pictures: step * 8,
  best: { ...nothingYet, value: 0.5 },
  evaluatedAt: step,
  plan: { seed: 7, schedule: { kind: 'constant' } },
  parameters: record(step),
  optimizer: { first: record(0.5), second: record(0.25) },
  average: step % 2 ? record(2) : null,
});
const options = { keep: 2, metadata: new Map([['kind', 'test']]) };

describe.each(['folder', 'memory'] as const)('checkpoints in a %s store', (kind) => {
  const makeStore = async () => (kind === 'folder' ? folderStore(join(folder, 'deep', 'run')) : memoryStore());

  it('brings every bit back, and keeps the newest two', async () => {
    const store = await makeStore();
    expect(await latestState(store)).toBeUndefined();
    for (const step of [9, 10, 101]) await saveState(store, stateAt(step), options);
    expect(await store.list()).toEqual(['step-000000010', 'step-000000101']);
    const found = await latestState(store);
    expect(found?.name).toBe('step-000000101');
    expect(found?.skipped).toEqual([]);
    expect({ ...found?.state }).toEqual(stateAt(101));
    expect(Object.is(found!.state.parameters.get('encoder.kernel')!.data[1], -0)).toBe(true);
  });

  it('keeps one best beside the steps, even when an earlier step wins again', async () => {
    const store = await makeStore();
    await saveState(store, stateAt(3), options);
    await saveBest(store, 20, Uint8Array.of(1));
    await saveBest(store, 10, Uint8Array.of(2));
    expect(await store.list()).toEqual(['best-000000010', 'step-000000003']);
    expect(await checkpointWeights(store)).toEqual(kind === 'folder' ? Buffer.of(2) : Uint8Array.of(2));
    expect((await checkpointWeights(store, 'latest'))!.length).toBeGreaterThan(40);
  });

  it('replaces a checkpoint of the same name', async () => {
    const store = await makeStore();
    await saveState(store, stateAt(4), options);
    await saveState(store, { ...stateAt(4), pictures: 99 }, options);
    expect((await latestState(store))!.state.pictures).toBe(99);
  });
});

describe('damage', () => {
  const damages: Record<string, (path: string) => Promise<void>> = {
    'a shortened file': (path) => truncate(join(path, 'optimizer.safetensors'), 100),
    'a changed byte': async (path) => {
      const bytes = await nodeFs.readFile(join(path, 'model.safetensors'));
      bytes[bytes.length - 1]! ^= 1;
      await writeFile(join(path, 'model.safetensors'), bytes);
    },
    'a missing file': (path) => rm(join(path, 'state.json')),
    'a missing manifest': (path) => rm(join(path, 'manifest.json')),
    'an unreadable manifest': (path) => writeFile(join(path, 'manifest.json'), '{'),
    'another format': (path) => writeFile(join(path, 'manifest.json'), '{"format":"other/9","files":{}}'),
  };

  it.each(Object.keys(damages))('%s: the one before is used and the reason is told', async (damage) => {
    const store = await folderStore(folder);
    await saveState(store, stateAt(1), options);
    await saveState(store, stateAt(2), options);
    await damages[damage]!(join(folder, 'step-000000002'));
    const found = await latestState(store);
    expect(found?.state.step).toBe(1);
    expect(found?.skipped.map((s) => s.name)).toEqual(['step-000000002']);
    await damages[damage]!(join(folder, 'step-000000001'));
    await expect(latestState(store)).rejects.toThrow(expect.objectContaining({ code: 'GLID_CHECKPOINT' }));
  });
});

/** Fails the n-th write or flush with an error that the operating system would give. */
function failingFs(code: string, at: number, short: boolean): { fs: CheckpointFs; calls: () => number } {
  let calls = 0;
  const fail = (): void => {
    if (++calls === at) throw Object.assign(new Error(`${code}: injected, write`), { code });
  };
  const open: CheckpointFs['open'] = async (path, flags, mode) => {
    const handle = await nodeFs.open(path, flags, mode);
    return new Proxy(handle, {
      get(target, key) {
        const value = Reflect.get(target, key, target);
        if (typeof value !== 'function') return value;
        return async (...args: unknown[]) => {
          if (key === 'writeFile' || key === 'sync') {
            if (short && key === 'writeFile' && calls + 1 === at)
              await target.write((args[0] as Uint8Array).subarray(0, 10));
            fail();
          }
          return value.apply(target, args);
        };
      },
    });
  };
  return { fs: { ...nodeFs, open }, calls: () => calls };
}

describe('a disk that fails', () => {
  it('gives GLID_IO at every point, leaves the last good checkpoint and nothing half-written, and recovers', async () => {
    const probe = failingFs('ENOSPC', Number.POSITIVE_INFINITY, false);
    await saveState(await folderStore(join(folder, 'probe'), probe.fs), stateAt(1), options);
    expect(probe.calls()).toBeGreaterThan(8);
    for (let at = 1; at <= probe.calls(); at++) {
      const path = join(folder, `run-${at}`);
      const good = await folderStore(path);
      await saveState(good, stateAt(1), options);
      const bad = await folderStore(path, failingFs('ENOSPC', at, at % 2 === 0).fs);
      const attempt = saveState(bad, stateAt(2), options);
      await expect(attempt).rejects.toThrow(expect.objectContaining({ code: 'GLID_IO' }));
      await expect(attempt).rejects.toThrow(/ENOSPC.*Free some space/);
      expect((await readdir(path)).filter((name) => name.startsWith('.'))).toEqual([]);
      const found = await latestState(good);
      // Only the very last flush (of the parent folder) comes after the rename.
      expect(found!.state).toEqual(stateAt(at === probe.calls() ? 2 : 1));
      await saveState(good, stateAt(3), options);
      expect((await latestState(good))!.state.step).toBe(3);
    }
  });

  it('removes what a killed writer left behind', async () => {
    const store = await folderStore(folder);
    await saveState(store, stateAt(1), options);
    await nodeFs.mkdir(join(folder, '.unfinished-step-000000002'));
    await writeFile(join(folder, '.unfinished-step-000000002', 'model.safetensors'), 'half');
    expect(await store.list()).toEqual(['step-000000001']);
    await saveState(store, stateAt(2), options);
    expect(await readdir(folder)).toEqual(['step-000000001', 'step-000000002']);
  });
});
