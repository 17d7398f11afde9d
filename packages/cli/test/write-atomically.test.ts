import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { writeAtomically } from '../src/files/write-atomically.ts';
import { temporaryFolder } from './run-glid.ts';

const fault = vi.hoisted(() => ({ code: '' }));

vi.mock('node:fs/promises', async (original) => {
  const fs = await original<typeof import('node:fs/promises')>();
  return {
    ...fs,
    open: async (...args: Parameters<typeof fs.open>) => {
      const handle = await fs.open(...args);
      const write = handle.writeFile.bind(handle);
      handle.writeFile = (async (content: Uint8Array) => {
        if (fault.code === '') return write(content);
        await write(content.slice(0, 2));
        throw Object.assign(new Error(`${fault.code}: simulated`), { code: fault.code });
      }) as typeof handle.writeFile;
      return handle;
    },
  };
});

afterEach(() => {
  fault.code = '';
});

describe('writeAtomically', () => {
  it('makes folders and replaces files', async () => {
    const path = join(await temporaryFolder(), 'a/b/c.txt');
    await writeAtomically(path, 'one');
    await writeAtomically(path, 'two');
    expect(await readFile(path, 'utf8')).toBe('two');
  });

  it.each([
    ['ENOSPC', /Free some space/],
    ['EDQUOT', /quota/],
    ['EROFS', /read-only/],
    ['EIO', /Check the disk/],
  ])('leaves the old file and no trace of the new one at %s', async (code, fix) => {
    const folder = await temporaryFolder();
    const path = join(folder, 'a.txt');
    await writeFile(path, 'old');
    fault.code = code;
    await expect(writeAtomically(path, new Uint8Array(100))).rejects.toMatchObject({
      code: 'GLID_IO',
      fix: expect.stringMatching(fix),
      details: { code },
    });
    expect(await readdir(folder)).toEqual(['a.txt']);
    expect(await readFile(path, 'utf8')).toBe('old');
  });
});
