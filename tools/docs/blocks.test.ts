import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { enableProdMode } from '@tensorflow/tfjs-core';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Block, blocksOf, isCode } from './blocks.ts';
import { type Page, pagesWithCode, shownByTests } from './pages.ts';
import { programOf } from './program.ts';
import { programFolder, writeProgram } from './run-page.ts';
import { writeSampleFolder } from './sample-folder.ts';
import { shellOf, shortened, words } from './shell.ts';
import { typeErrors } from './type-check.ts';

const root = resolve(import.meta.dirname, '../..');
const start = process.cwd();
const tested = shownByTests(root);
const pages = pagesWithCode(root)
  .map((page) => ({ ...page, blocks: blocksOf(page).filter((block) => isCode(block) && !tested.has(block.code)) }))
  .filter(({ blocks }) => blocks.length > 0);
let folder: string;

beforeAll(async () => {
  enableProdMode();
  rmSync(join(root, programFolder), { recursive: true, force: true });
  folder = mkdtempSync(join(tmpdir(), 'glid-docs-'));
  await writeSampleFolder(root, join(folder, 'samples'));
  vi.spyOn(console, 'log').mockImplementation(() => {});
});
const { fetch } = globalThis;
afterEach(() => {
  process.chdir(start);
  globalThis.fetch = fetch;
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('code blocks of the documentation', () => {
  it('have the types that they claim', () => {
    const files = pages
      .filter(({ blocks }) => blocks.some(({ language }) => language === 'ts'))
      .map((page) => writeProgram(root, page, page.blocks, 'check'));
    expect(files.length).toBeGreaterThan(12);
    const planted = blocksOf({ path: 'planted.md', text: '```ts\nconst a: number = "1";\n```\n' });
    const wrong = writeProgram(root, { path: 'planted.md', text: '' }, planted, 'check');
    const errors = typeErrors(root, [...files, wrong]);
    expect(errors.filter((error) => !error.startsWith(wrong)).join('\n')).toBe('');
    expect(errors, 'the planted error').toHaveLength(1);
  });

  it.each(pages)('$path runs', async ({ blocks, ...page }: Page & { blocks: Block[] }) => {
    for (const { code } of blocks.filter(({ language }) => language === 'json')) JSON.parse(code);
    if (!blocks.some(({ language }) => language === 'ts' || language === 'sh')) return;
    // Each page has the samples for itself, in a folder of its own.
    const own = join(folder, page.path.replaceAll('/', '-'));
    cpSync(join(folder, 'samples'), own, { recursive: true });
    process.chdir(own);
    Object.assign(globalThis, { shell: shellOf(root) });
    const { main } = (await import(writeProgram(root, page, blocks, 'run'))) as { main: () => Promise<void> };
    await main();
  });

  it('are executed but for a few that say why not', () => {
    const notRun = pages.flatMap(({ path, blocks }) =>
      blocks.filter(({ notRun }) => notRun).map(({ line, notRun }) => `${path}:${line} ${notRun}`),
    );
    const all = pages.reduce((sum, { blocks }) => sum + blocks.length, 0);
    process.stdout.write(
      `${all} code blocks, ${notRun.length} not run:\n${notRun.map((line) => `  ${line}\n`).join('')}`,
    );
    expect(all).toBeGreaterThan(35);
    expect(notRun.length).toBeLessThanOrEqual(12);
  });
});

describe('the machinery', () => {
  const page = (text: string): Block[] => blocksOf({ path: 'x.md', text });

  it('finds blocks, their lines, what is given, and why one is not run', () => {
    const text =
      'a\n<!-- given: const b = 1; -->\n```ts\nb;\n```\n\n```sh\n# not run: no GPU\nnvidia-smi\n```\n```\ntree\n```\n';
    const [first, second, third, ...rest] = page(text);
    expect(first).toEqual({ language: 'ts', code: 'b;\n', line: 4, notRun: null, given: 'const b = 1;' });
    expect(second).toMatchObject({ language: 'sh', line: 8, notRun: 'no GPU' });
    expect(isCode(third!)).toBe(false);
    expect(rest).toEqual([]);
  });

  it('joins blocks: imports once, later blocks see earlier names and may use them anew', async () => {
    const text = [
      "```ts\nimport { sep } from 'node:path';\nconst a = sep.length;\n```",
      "```ts\nimport { join, sep } from 'node:path';\nif (a !== 1) throw new Error(join(sep));\n```",
      "```ts\nconst a = 'again';\nif (a.length !== 5) throw new Error('old');\n```",
    ].join('\n');
    const program = programOf(page(text), 'run');
    expect(program.match(/import \{ sep \}/g)).toHaveLength(1);
    const file = writeProgram(root, { path: 'joined.md', text }, page(text), 'run');
    await ((await import(file)) as { main: () => Promise<void> }).main();
  });

  it('notices a planted failure', async () => {
    const thrown = writeProgram(
      root,
      { path: 'thrown.md', text: '' },
      page('```ts\nthrow new Error("planted");\n```'),
      'run',
    );
    await expect(((await import(thrown)) as { main: () => Promise<void> }).main()).rejects.toThrow('planted');
  });

  it('refuses commands that it cannot check or that name what does not exist', async () => {
    const shell = shellOf(root);
    await shell('npm install sharp  # a comment\nnpm run check -- lint');
    await expect(shell('curl example.org')).rejects.toThrow('cannot be checked');
    await expect(shell('npm install no-such-package')).rejects.toThrow('does not know');
    await expect(shell('npm install sharp@0.0.1')).rejects.toThrow('this project uses');
    await expect(shell('npm run no-such-script')).rejects.toThrow('no such script');
    await expect(shell('glid pretend')).rejects.toThrow('code 2');
  });

  it('shortens training and splits words as a shell does', () => {
    expect(shortened(['pretrain', '--data', 'x', '--steps', '5000', '--out', 'y']).join(' ')).toMatch(
      /^pretrain --data x --out y --steps 2 .*--backbone very-small\.json$/,
    );
    expect(words(`a 'b c' "d" --e='f g'`.replace('--e=', ''))).toEqual(['a', 'b c', 'd', 'f g']);
  });
});
