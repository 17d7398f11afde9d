import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { findPictures } from '../src/predict/find-pictures.ts';
import { temporaryFolder } from './run-glid.ts';

async function namesIn(...paths: string[]): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of findPictures(paths)) names.push(name);
  return names;
}

it('gives every picture a name of its own, a level at a time', async () => {
  const root = await temporaryFolder();
  for (const path of ['m.jpg', 'm.k/m.png', 'm.k/m.webp', 'm.png', 'b/c/m.png', '.hidden/m.png', 'notes.txt']) {
    await mkdir(join(root, path, '..'), { recursive: true });
    await writeFile(join(root, path), '');
  }
  expect(await namesIn(root)).toEqual(['m', 'm.png', 'b/c/m', 'm.k/m', 'm.k/m.webp']);
  const twice = await namesIn(root, join(root, 'm.k'), join(root, 'm.k'));
  expect(new Set(twice).size).toBe(twice.length);
});
