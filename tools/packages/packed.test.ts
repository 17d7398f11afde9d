import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { bundle, unwanted } from './bundle.ts';
import { checkExports } from './exports.ts';
import { consumerProject, publishedFolders } from './pack.ts';

const root = resolve(import.meta.dirname, '../..');
const names = publishedFolders(root).map((folder) => `@glid/${folder.split('/').at(-1)}`);
const budgets = JSON.parse(readFileSync(join(import.meta.dirname, 'size-budgets.json'), 'utf8')) as Record<
  string,
  number
>;
const packed = new Map(inject('packed').map((one) => [one.name, one]));
/** The others are files without code: weights. */
const code = names.filter((name) => packed.get(name)!.files.some((file) => file.endsWith('.js')));

/** Packages that never run in a page. */
const onlyForNode = ['@glid/cli', '@glid/backend-cuda', '@glid/collectives', '@glid/create-head'];

const bin = (name: string) => join(root, 'node_modules', '.bin', name);
const run = (file: string, args: string[], cwd = root): string => {
  try {
    return execFileSync(file, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${file} ${args.join(' ')}\n${stdout}${stderr}`);
  }
};

describe.each(names)('%s', (name) => {
  it('has a sound exports map', () => expect(checkExports(packed.get(name)!)).toEqual([]));

  it('passes publint --strict', () => {
    run(bin('publint'), ['run', packed.get(name)!.tarball, '--strict']);
  });
});

describe.each(code)('%s', (name) => {
  it('resolves its types everywhere (attw, esm-only)', () => {
    if (!packed.get(name)!.manifest.exports) return;
    run(bin('attw'), [packed.get(name)!.tarball, '--profile', 'esm-only', '--no-emoji']);
  });

  it('loads by import and by require from declared dependencies alone', () => {
    const entries = Object.keys(packed.get(name)!.manifest.exports ?? {}).filter((key) => !key.endsWith('.json'));
    const peers = Object.keys(packed.get(name)!.manifest.peerDependencies ?? {});
    const project = consumerProject(root, packed, [name, ...peers]);
    const specifiers = entries.map((key) => `${name}${key.slice(1)}`);
    writeFileSync(
      join(project, 'load.mjs'),
      `import { createRequire } from 'node:module';
const require = createRequire(import.meta.url);
for (const specifier of ${JSON.stringify(specifiers)}) {
  const imported = await import(specifier);
  const required = require(specifier);
  for (const key of Object.keys(imported)) if (imported[key] !== required[key]) throw new Error(specifier + ' has two copies of ' + key);
}
console.log('loaded');`,
    );
    expect(run(process.execPath, ['load.mjs'], project)).toContain('loaded');
  });

  it('stays within its size budget (gzip, without other packages)', async () => {
    const project = consumerProject(root, packed, [name]);
    const external = ['@tensorflow/*', 'node:*', ...others(name)];
    const platform = onlyForNode.includes(name) ? 'node' : 'browser';
    const { gzipBytes } = await bundle(`export * from '${name}';`, project, external, platform);
    const budget = budgets[name];
    expect(budget, `add ${name} to tools/packages/size-budgets.json`).toBeDefined();
    expect(gzipBytes, `${name} is over budget: make it smaller, or raise the budget with a reason`).toBeLessThan(
      budget! * 1024,
    );
  });
});

describe('tree shaking', () => {
  const everythingElse = (head: string): RegExp[] => [
    ...names
      .filter((name) => name.startsWith('@glid/head-') && name !== head && name !== '@glid/head-kit')
      .map((name) => new RegExp(`${name}/`)),
    /@glid\/core\//,
    /head-kit\/dist\/testing/,
    /register_all_gradients|gradients\.(node|web)/,
    /backend-webgl/,
  ];

  it.each(names.filter((name) => /^@glid\/head-(?!kit)/.test(name)))(
    '%s brings no other head, no trainer, no webgl',
    async (name) => {
      const project = consumerProject(root, packed, [name, '@tensorflow/tfjs-core']);
      const made = await bundle(`export * from '${name}';`, project);
      expect(made.inputs.some((path) => path.includes(name))).toBe(true);
      expect(unwanted(made, everythingElse(name))).toEqual([]);
    },
  );

  it('createModel alone brings no trainer', async () => {
    const project = consumerProject(root, packed, ['@glid/core', '@tensorflow/tfjs-core']);
    const made = await bundle(`export { createModel } from '@glid/core';`, project, ['node:*', 'sharp']);
    expect(unwanted(made, [/dist\/train\.js/, /register_all_gradients/, /backend-webgl/])).toEqual([]);
  });

  it('notices a planted second head', async () => {
    const project = consumerProject(root, packed, ['@glid/head-depth', '@glid/head-pose', '@tensorflow/tfjs-core']);
    const code = `export * as a from '@glid/head-depth'; export * as b from '@glid/head-pose';`;
    expect(unwanted(await bundle(code, project), everythingElse('@glid/head-depth'))).not.toEqual([]);
  });
});

it('the exports check notices what is missing or misplaced', () => {
  const found = checkExports({
    name: 'x',
    manifest: {
      name: 'x',
      exports: { '.': { default: './dist/index.js', types: './dist/index.d.ts' }, './*': './dist/*' },
    },
    files: ['dist/index.d.ts', 'src/a.test.ts', 'package.json', 'README.md'],
  });
  expect(found).toHaveLength(6);
});

function others(name: string): string[] {
  return names.filter((other) => other !== name).flatMap((other) => [other, `${other}/*`]);
}
