import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadHead } from '../src/heads/load-head.ts';
import { temporaryFolder } from './run-glid.ts';

let root: string;
const head = (version: string): string =>
  `export const hair = Object.assign(() => ({}), { id: '@acme/glid-head-hair', specificationVersion: '${version}' });`;

async function makePackage(folder: string, manifest: object, code?: string): Promise<string> {
  const place = join(root, folder);
  await mkdir(join(place, 'dist'), { recursive: true });
  await writeFile(join(place, 'package.json'), JSON.stringify({ type: 'module', ...manifest }));
  if (code) await writeFile(join(place, 'dist/index.js'), code);
  return place;
}

beforeAll(async () => {
  root = await temporaryFolder();
});

describe('--head FOLDER', () => {
  it('is the head of the package in it, under the name of the package', async () => {
    const manifest = {
      name: '@acme/glid-head-hair',
      exports: { '.': { types: './no.d.ts', default: './dist/index.js' } },
    };
    const folder = await makePackage('work', manifest, head('v1'));
    const found = await loadHead(folder);
    expect([found.key, found.factory.id]).toEqual(['hair', '@acme/glid-head-hair']);
    expect((await loadHead(`mine=${folder}`)).key).toBe('mine');
  });

  it.each([
    ['empty', null, undefined, 'GLID_USAGE', /no head package in .*empty.*package\.json/],
    [
      'unbuilt',
      { name: 'unbuilt', exports: './dist/index.js' },
      undefined,
      'GLID_USAGE',
      /not built.*npm run build --prefix/,
    ],
    [
      'newer',
      { name: 'newer', exports: './dist/index.js' },
      head('v2'),
      'GLID_SPEC_VERSION',
      /npm install @glid\/core@latest/,
    ],
    [
      'older',
      { name: 'older', exports: './dist/index.js' },
      head('v0'),
      'GLID_SPEC_VERSION',
      /npm install @acme\/glid-head-hair@latest/,
    ],
    [
      'alone',
      { name: 'alone', exports: './dist/index.js' },
      "import 'not-installed';",
      'GLID_USAGE',
      /cannot be loaded.*not-installed.*dependencies installed/,
    ],
  ])('%s is refused', async (name, manifest, code, expected, message) => {
    const folder = manifest ? await makePackage(name, manifest, code) : join(root, name);
    if (!manifest) await mkdir(folder);
    const error = await loadHead(folder).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: expected });
    expect((error as Error).message).toMatch(message);
  });
});
