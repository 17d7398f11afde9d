import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { chromiumPath, openPage, withoutChromium } from '@glid/test-utils/browser';
import { build } from 'vite';
import { beforeAll, describe, expect, it } from 'vitest';
import { emptyProject, installed, mustRun, run, sizeOf } from './npm.ts';
import budgets from './size-budgets.json' with { type: 'json' };

const root = resolve(import.meta.dirname, '../..');
const consumers = join(import.meta.dirname, 'consumers');
const engine = '@tensorflow/tfjs-core@4.22.0';

/** What TensorFlow.js brings along, all of it without install scripts. */
const tfjsCore = [
  '@tensorflow/tfjs-core',
  '@types/long',
  '@types/offscreencanvas',
  '@types/seedrandom',
  '@webgpu/types',
  'long',
  'node-fetch',
  'seedrandom',
  'tr46',
  'webidl-conversions',
  'whatwg-url',
];

/** A project with some of our programs, in which npm has installed what was asked for. */
async function project(name: string, programs: readonly string[], ...packages: readonly string[]): Promise<string> {
  const folder = emptyProject(name);
  for (const program of programs) cpSync(join(consumers, program), join(folder, program));
  await mustRun(folder, 'npm', 'install', ...packages);
  return folder;
}

function withinBudget(what: string, size: number, unit: string): void {
  const budget = (budgets as Record<string, number>)[what];
  console.info(`${what}: ${size.toFixed(1)} ${unit} (budget ${budget})`);
  expect(budget, `add '${what}' to tools/packages/size-budgets.json`).toBeDefined();
  expect(size, `${what} is over budget: make it smaller, or raise the budget with a reason`).toBeLessThan(budget!);
}

interface Answer {
  readonly size: readonly number[];
  readonly mean: number;
}

/** The tests after the first compare with what Node gave for the same model and picture. */
let expected: Answer;

function mustAgree(got: Answer): void {
  expect(got.size).toEqual(expected.size);
  expect(Math.abs(got.mean - expected.mean)).toBeLessThan(1e-3);
}

/** Builds a page with Vite and reads what it leaves in `answer`. */
async function runPage(
  folder: string,
  entry: string,
  webgpu: boolean,
): Promise<{ answer: Answer; modules: string[]; gzipKiB: number }> {
  writeFileSync(
    join(folder, 'index.html'),
    `<!doctype html><title>page</title><script type="module" src="/${entry}"></script>`,
  );
  const modules: string[] = [];
  await build({
    root: folder,
    configFile: false,
    logLevel: 'silent',
    build: { target: 'es2022', assetsInlineLimit: 0 },
    plugins: [
      {
        name: 'modules',
        generateBundle(_, bundle) {
          for (const file of Object.values(bundle))
            if (file.type === 'chunk') {
              for (const [id, { renderedLength }] of Object.entries(file.modules))
                if (renderedLength > 0) modules.push(id);
            }
        },
      },
    ],
  });
  const files = Object.fromEntries(
    readdirSync(join(folder, 'dist/assets')).map((name) => [
      `/assets/${name}`,
      readFileSync(join(folder, 'dist/assets', name)),
    ]),
  );
  const scripts = Object.entries(files).filter(([name]) => name.endsWith('.js'));
  const gzipKiB = scripts.reduce((sum, [, bytes]) => sum + gzipSync(bytes).length / 1024, 0);
  const html = readFileSync(join(folder, 'dist/index.html'), 'utf8');
  const { page, problems, close } = await openPage({ code: '', resolveDirectory: folder, html, files, webgpu });
  try {
    await page.waitForFunction('globalThis.answer', undefined, { timeout: 200_000 });
    expect(problems).toEqual([]);
    return { answer: (await page.evaluate('globalThis.answer')) as Answer, modules, gzipKiB };
  } finally {
    await close();
  }
}

const ours = (modules: readonly string[]): string[] =>
  [...new Set(modules.flatMap((id) => /node_modules\/(@glid\/[^/]+|@tensorflow\/[^/]+)\//.exec(id)?.[1] ?? []))].sort();

describe('core, one head, wasm', () => {
  let folder: string;
  beforeAll(async () => {
    const programs = readdirSync(consumers).filter((name) => /\.[mc]js$/.test(name));
    folder = await project('one-head', programs, '@glid/core', '@glid/head-depth', '@glid/backend-wasm', engine);
  });

  it('installs nothing else', () => {
    expect(installed(folder)).toEqual(
      [
        ...['backend-wasm', 'base', 'core', 'head-depth', 'head-kit', 'ops'].map((name) => `@glid/${name}`),
        ...['@tensorflow/tfjs-backend-cpu', '@tensorflow/tfjs-backend-wasm', '@types/emscripten', ...tfjsCore],
      ].sort(),
    );
    withinBudget('install: core, depth, wasm [MiB]', sizeOf(join(folder, 'node_modules')), 'MiB');
    withinBudget('install: of that @glid [MiB]', sizeOf(join(folder, 'node_modules/@glid')), 'MiB');
  });

  it('predicts by import and by require, the same', async () => {
    expected = JSON.parse(await mustRun(folder, 'node', 'predict.mjs')) as Answer;
    expect(expected.size).toEqual([32, 48]);
    expect(expected.mean).toBeGreaterThan(0.001);
    expect(expected.mean).toBeLessThan(10);
    expect(JSON.parse(await mustRun(folder, 'node', 'predict.cjs'))).toEqual(expected);
  });

  it.skipIf(!chromiumPath)(
    `predicts in a page that Vite bundled, which holds nothing else (${withoutChromium})`,
    async () => {
      const { answer, modules, gzipKiB } = await runPage(folder, 'wasm-page.mjs', false);
      mustAgree(answer);
      expect(ours(modules)).toEqual([
        ...['backend-wasm', 'base', 'core', 'head-depth', 'head-kit', 'ops'].map((name) => `@glid/${name}`),
        ...['@tensorflow/tfjs-backend-cpu', '@tensorflow/tfjs-backend-wasm', '@tensorflow/tfjs-core'],
      ]);
      expect(
        modules.filter((id) =>
          /core\/dist\/train|head-kit\/dist\/testing|register_all_gradients|gradients\.web/.test(id),
        ),
      ).toEqual([]);
      withinBudget('page: core, depth, wasm [KiB gzip]', gzipKiB, 'KiB gzip');
    },
  );

  it('refuses a head of another version of the interface with the command that mends it', async () => {
    const lines = (await mustRun(folder, 'node', 'other-version.mjs')).trim().split('\n');
    expect(lines).toEqual([
      'GLID_SPEC_VERSION Run `npm install @glid/core@latest @glid/head-kit@latest`.',
      'GLID_SPEC_VERSION Run `npm install @acme/glid-head-hair@latest`.',
    ]);
  });

  it('refuses two copies of the engine, and the command that it names mends that', async () => {
    const modules = join(folder, 'node_modules/@tensorflow');
    const second = join(modules, 'tfjs-backend-wasm/node_modules/@tensorflow');
    mkdirSync(second, { recursive: true });
    cpSync(join(modules, 'tfjs-core'), join(second, 'tfjs-core'), { recursive: true });
    const { code, stderr } = await run(folder, 'node', 'predict.mjs');
    expect(code).toBe(1);
    expect(stderr).toContain('Two copies of @tensorflow/tfjs-core are loaded');
    const named = new Set([...stderr.matchAll(/'(npm [^']+)'/g)].map(([, command]) => command!));
    const commands = [...named].map((command) => command.split(' '));
    expect(commands.map(([, verb]) => verb)).toEqual(['ls', 'install', 'dedupe']);
    for (const [file, ...args] of commands) await run(folder, file!, ...args);
    expect(JSON.parse(await mustRun(folder, 'node', 'predict.mjs'))).toEqual(expected);
  });

  it('refuses another release of the engine', async () => {
    const dist = join(folder, 'node_modules/@tensorflow/tfjs-core/dist');
    const main = join(dist, 'tf-core.node.js');
    const text = readFileSync(main, 'utf8');
    writeFileSync(main, text.replaceAll("'4.22.0'", "'4.21.0'"));
    const { code, stderr } = await run(folder, 'node', 'predict.mjs');
    writeFileSync(main, text);
    expect(code).toBe(1);
    expect(stderr).toMatch(/tfjs-core 4\.21\.0 is loaded, but 4\.22\.0 is needed.*npm install --save-exact/);
  });
});

describe('core, two heads, WebGPU, in a page', () => {
  it.skipIf(!chromiumPath)(`installs, bundles and predicts with nothing else (${withoutChromium})`, async () => {
    const packages = ['core', 'head-depth', 'head-segmentation', 'backend-webgpu'].map((name) => `@glid/${name}`);
    const folder = await project('two-heads', ['webgpu-page.mjs', 'micro.mjs'], ...packages, engine);
    expect(installed(folder).filter((name) => !tfjsCore.includes(name))).toEqual([
      ...['backend-webgpu', 'base', 'core', 'head-depth', 'head-kit', 'head-segmentation', 'ops'].map(
        (name) => `@glid/${name}`,
      ),
      ...['@tensorflow/tfjs-backend-cpu', '@tensorflow/tfjs-backend-webgpu'],
    ]);
    const { answer, modules, gzipKiB } = await runPage(folder, 'webgpu-page.mjs', true);
    mustAgree(answer);
    expect(ours(modules)).toEqual([
      ...['backend-webgpu', 'base', 'core', 'head-depth', 'head-kit', 'head-segmentation', 'ops'].map(
        (name) => `@glid/${name}`,
      ),
      ...['@tensorflow/tfjs-backend-cpu', '@tensorflow/tfjs-backend-webgpu', '@tensorflow/tfjs-core'],
    ]);
    withinBudget('page: core, depth, segmentation, webgpu [KiB gzip]', gzipKiB, 'KiB gzip');
    rmSync(folder, { recursive: true });
  });
});

describe('types only, for the author of a head', () => {
  it('a head that takes only types from the kit compiles to code that does not import it, and predicts', async () => {
    const author = await project('author', ['types-only-head.ts'], '--save-dev', '@glid/head-kit');
    expect(installed(author)).toEqual(['@glid/base', '@glid/head-kit', '@glid/ops', ...tfjsCore].sort());
    withinBudget('install: head-kit [MiB]', sizeOf(join(author, 'node_modules')), 'MiB');
    const options = ['--module', 'nodenext', '--target', 'es2022', '--strict', '--skipLibCheck', '--lib', 'es2023,dom'];
    await mustRun(author, join(root, 'node_modules/.bin/tsc'), 'types-only-head.ts', ...options);
    const emitted = readFileSync(join(author, 'types-only-head.js'), 'utf8');
    expect([...emitted.matchAll(/from ['"]([^'"]+)/g)].map(([, name]) => name)).toEqual(['@tensorflow/tfjs-core']);

    const user = await project('user', ['micro.mjs', 'predict-score.mjs'], '@glid/core', '@glid/backend-wasm', engine);
    cpSync(join(author, 'types-only-head.js'), join(user, 'types-only-head.js'));
    expect(JSON.parse(await mustRun(user, 'node', 'predict-score.mjs'))).toEqual({ score: expect.any(Number) });
  });
});
