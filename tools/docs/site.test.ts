import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { brokenLinks } from './links.ts';
import { makeSite } from './make-site.ts';

const root = resolve(import.meta.dirname, '../..');
const site = mkdtempSync(join(tmpdir(), 'glid-site-'));
let warnings: string[];
beforeAll(async () => {
  warnings = await makeSite(root, site);
}, 240_000);
afterAll(() => rmSync(site, { recursive: true, force: true }));

it('the site is built without a warning', () => expect(warnings).toEqual([]));

it('no link of the site is broken, and nothing is fetched', () => expect(brokenLinks(site)).toEqual([]));

it('the checker notices planted links to nothing, missing anchors, and what would be fetched', () => {
  const planted = join(site, 'planted');
  mkdirSync(planted);
  writeFileSync(
    join(planted, 'good.html'),
    '<h2 id="here">x</h2><a href="#here">a</a><a href="https://example.org">b</a>',
  );
  writeFileSync(
    join(planted, 'bad.html'),
    '<a href="nowhere.html">a</a><a class="x" href="good.html#there">b</a><img src="https://example.org/x.png">',
  );
  writeFileSync(join(planted, 'bad.css'), '@import "https://example.org/font.css";');
  const found = brokenLinks(planted);
  expect(found).toHaveLength(4);
  expect(found.join('\n')).toMatch(
    /fetches https.*\n.*fetched from.*\n.*good\.html#there has no such anchor\n.*nowhere\.html does not exist/,
  );
  rmSync(planted, { recursive: true });
});

it('the pages that matter are there, with the names that users import', () => {
  for (const page of [
    'index',
    'documents/model',
    'documents/adr-0001-toolchain',
    'functions/_glid_core_train.finetune',
  ]) {
    expect(existsSync(join(site, `${page}.html`)), page).toBe(true);
  }
  const core = readFileSync(join(site, 'modules/_glid_core.html'), 'utf8');
  expect(core).toContain('Module @glid/core');
  expect(core).toContain('Parameters are data');
});

it('a planted function without a comment and a planted link to nothing are warnings', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'glid-planted-'));
  const files = {
    'docs/README.md': '# Index\n\n[gone](gone.md)\n',
    'docs/adr/0001-one.md': '# One\n',
    'CONTRIBUTING.md': '# Contributing\n',
    'package.json': '{ "name": "planted" }',
    'packages/one/package.json': '{ "name": "@planted/one", "exports": { ".": { "@glid/source": "./src/index.ts" } } }',
    'packages/one/src/index.ts': '/** Told. */\nexport function told(): void {}\nexport function untold(): void {}\n',
    'tools/docs/site.css': '',
    'tools/docs/tsconfig.site.json':
      '{ "compilerOptions": { "types": [] }, "include": ["../../packages/*/src/index.ts"] }',
  };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const found = (await makeSite(folder, join(folder, 'site'))).join('\n');
  rmSync(folder, { recursive: true, force: true });
  expect(found).toMatch(/gone\.md/);
  expect(found).toMatch(/untold/);
  expect(found).not.toMatch(/\btold/);
});
