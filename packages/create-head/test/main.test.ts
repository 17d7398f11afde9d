import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import manifest from '../package.json' with { type: 'json' };
import { dependencyTables } from '../src/dependencies.ts';
import { kindNames } from '../src/kinds.ts';
import { main } from '../src/main.ts';
import { namesOf } from '../src/names.ts';

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'glid-create-'));
});

/** One call, with the answers that a person gives; without answers there is no person. */
async function create(args: readonly string[], answers?: readonly string[]) {
  let [stdout, stderr] = ['', ''];
  const left = [...(answers ?? [])];
  const code = await main(args, {
    cwd,
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
    ask: answers && (async () => left.shift() ?? ''),
  });
  return { code, stdout, stderr };
}

const files = (folder = cwd) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));

describe.each(kindNames)('a %s head', (kind) => {
  it('carries its own names everywhere and nothing of the template', async () => {
    const { code, stdout } = await create(['@acme/glid-head-tree-rings', `--${kind}`]);
    expect(code).toBe(0);
    expect(stdout).toContain('cd glid-head-tree-rings\n');
    const folder = join(cwd, 'glid-head-tree-rings');
    const own = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    expect(own.name).toBe('@acme/glid-head-tree-rings');
    expect(files(folder)).toEqual(
      expect.arrayContaining(['.gitignore', '.github/workflows/ci.yml', 'README.md', 'tsconfig.json']),
    );
    for (const name of files(folder)) {
      expect(readFileSync(join(folder, name), 'utf8'), name).not.toMatch(/template|\{\{what|\{\{tfjs/i);
    }
    const head = readFileSync(join(folder, 'src/head.ts'), 'utf8');
    expect(head).toContain('export const treeRings = defineHead({');
    expect(head).toContain("id: '@acme/glid-head-tree-rings'");
  });

  it('declares what its files import, and no more', async () => {
    await create(['glid-head-x', `--${kind}`]);
    const folder = join(cwd, 'glid-head-x');
    const importsOf = (part: string) =>
      files(join(folder, part)).flatMap((name) =>
        [
          ...readFileSync(join(folder, part, name), 'utf8').matchAll(/(?:from|import) '((?:@[^/']+\/)?[^./'][^/']*)/g),
        ].map((found) => found[1]!),
      );
    const { dependencies, peerDependencies, devDependencies } = dependencyTables(kind);
    const runtime = Object.keys({ ...dependencies, ...peerDependencies });
    expect(new Set(importsOf('src'))).toEqual(new Set(runtime));
    const tools = ['@types/node', 'tsx', 'typescript'];
    expect(new Set([...importsOf('test'), ...importsOf('examples'), ...tools, '@glid/head-kit'])).toEqual(
      new Set([...Object.keys(devDependencies), '@glid/head-kit']),
    );
  });
});

it('every version is taken from the one table', () => {
  const known: Record<string, string> = manifest.devDependencies;
  for (const kind of kindNames) {
    for (const [name, range] of Object.values(dependencyTables(kind)).flatMap((table) => Object.entries(table))) {
      expect(range.replace(/^\^/, ''), name).toBe(known[name]!.replace(/^\^/, ''));
    }
  }
});

describe('what is wrong is said, and nothing is written', () => {
  it.each([
    [[], /name is missing.*Usage: npm create @glid\/head NAME/s],
    [['my-head'], /kind of head is missing.*--dense.*--matched.*--vector/s],
    [['my-head', '--round'], /Unknown option '--round'.*Usage/s],
    [['my-head', '--dense', '--vector'], /--dense and --vector exclude/],
    [['a', 'b', '--dense'], /One name is wanted/],
    [['My Head', '--dense'], /'My Head' cannot be the name.*such as 'my-head'/],
    [['@Acme/head', '--dense'], /cannot be the name/],
    [['..', '--dense'], /cannot be the name|exists already/],
    [['node_modules', '--dense'], /cannot be the name/],
    [['x'.repeat(215), '--dense'], /cannot be the name/],
  ])('%j', async (args, message) => {
    const { code, stderr, stdout } = await create(args);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(readdirSync(cwd)).toEqual([]);
  });

  it('an existing folder is left as it is', async () => {
    mkdirSync(join(cwd, 'mine'));
    writeFileSync(join(cwd, 'mine/thesis.txt'), 'years of work');
    const { code, stderr } = await create(['mine', '--dense']);
    expect(stderr).toMatch(/mine exists already\. Give another name/);
    expect(code).toBe(2);
    expect(files()).toEqual(['mine/thesis.txt']);
    expect(readdirSync(cwd)).toEqual(['mine']);
  });

  it('a file in the way of the path', async () => {
    writeFileSync(join(cwd, 'heads'), '');
    const { code, stderr } = await create(['heads/mine', '--dense']);
    expect(stderr).toMatch(/cannot be written/);
    expect(code).toBe(1);
    expect(readdirSync(cwd)).toEqual(['heads']);
  });
});

describe('on a terminal', () => {
  it('asks for the name and the kind', async () => {
    const { code, stdout } = await create([], ['my-head', '2']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/1 +dense.*2 +matched.*3 +vector/s);
    expect(existsSync(join(cwd, 'my-head/src/loss.ts'))).toBe(true);
  });

  it('takes the name of a kind too, and no other answer', async () => {
    expect((await create(['a'], ['vector'])).code).toBe(0);
    const { code, stderr } = await create(['b'], ['4']);
    expect(stderr).toContain("'4' is no kind of head");
    expect(code).toBe(2);
    expect(readdirSync(cwd)).toEqual(['a']);
  });
});

it('--help shows the kinds', async () => {
  const { code, stdout } = await create(['--help']);
  expect(code).toBe(0);
  expect(stdout).toContain('--matched');
});

it.each([
  ['glid-head-surface-normals', 'surfaceNormals'],
  ['head-depth2', 'depth2'],
  ['my-head', 'myHead'],
  ['head', 'head'],
  ['3d-boxes', 'head3dBoxes'],
  ['class', 'headClass'],
])('the head of %s is exported as %s', (name, constant) => {
  expect(namesOf(name, '/anywhere').constant).toBe(constant);
});
