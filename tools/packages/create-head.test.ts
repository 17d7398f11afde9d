import { mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { mustRun, readJson, run } from './npm.ts';

/** An empty folder in which a newcomer starts three heads. One install serves them: they ask for the same packages. */
const workshop = mkdtempSync(join(tmpdir(), 'glid-newcomer-'));
const kinds = ['dense', 'matched', 'vector'];
const folderOf = (kind: string) => join(workshop, `glid-head-${kind}`);

beforeAll(async () => {
  for (const kind of kinds)
    await mustRun(workshop, 'npm', 'create', '--yes', '@glid/head', `glid-head-${kind}`, '--', `--${kind}`);
  await mustRun(folderOf('dense'), 'npm', 'install');
  for (const kind of ['matched', 'vector'])
    symlinkSync(join(folderOf('dense'), 'node_modules'), join(folderOf(kind), 'node_modules'));
});

describe.each(kinds)('npm create @glid/head -- --%s', (kind) => {
  const folder = folderOf(kind);

  it('asks for nothing that the shared installation lacks', () => {
    const own = readJson<Record<string, object>>(folder, 'package.json');
    const shared = readJson<Record<string, object>>(folderOf('dense'), 'package.json');
    for (const table of ['dependencies', 'peerDependencies', 'devDependencies'])
      expect(shared[table]).toMatchObject(own[table]!);
  });

  it('builds a package that exports the head, typed, and nothing but its sources', async () => {
    await mustRun(folder, 'npm', 'run', 'types');
    const [packed] = JSON.parse(await mustRun(folder, 'npm', 'pack', '--json', '--ignore-scripts=false')) as [
      { files: { path: string }[] },
    ];
    const files = packed.files.map(({ path }) => path).filter((path) => !path.startsWith('dist/'));
    expect(files).toEqual(['README.md', 'package.json']);
    const code = `import * as own from 'glid-head-${kind}'; console.log(own.${kind}.id, own.${kind}.specificationVersion)`;
    expect(await mustRun(folder, 'node', '--input-type=module', '-e', code)).toBe(`glid-head-${kind} v1\n`);
    expect(readFileSync(join(folder, 'dist/index.d.ts'), 'utf8')).toContain(`export { ${kind} }`);
  });

  it('conforms, on two backends, and passes its own tests', async () => {
    const out = await mustRun(folder, 'npm', 'test');
    expect(out).toContain(`glid-head-${kind}: GLID head v1: conforms`);
    expect(out).not.toContain('backends/parity');
    expect(out).toMatch(/Test Files {2}3 passed/);
  });

  it('trains on drawn scenes at once', async () => {
    const out = await mustRun(folder, 'npm', 'run', 'overfit');
    console.info(`${kind}: ${/The loss fell .*/.exec(out)?.[0]}`);
    expect(out).toMatch(/The loss fell to \d+ % of its start in \d+ steps\./);
    expect(out).toMatch(/\w+: \d+\.\d+; one answer for all pictures has \d+\.\d+ \((higher|lower) is better\)\./);
  });
});

it('the guide alone gives a head that type-checks against the published packages, conforms, learns and predicts', async () => {
  const guide = readFileSync(join(import.meta.dirname, '../../docs/writing-a-head.md'), 'utf8');
  const blocks = [...guide.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code!);
  expect(blocks.length).toBeGreaterThan(5);
  const short = blocks.join('\n').replace(/\b(steps|everySteps|batchSize|length): \d+/g, '$1: 2');
  const folder = folderOf('vector');
  writeFileSync(join(folder, 'examples/guide.ts'), short);
  await mustRun(folder, 'npm', 'run', 'types');
  const out = await mustRun(folder, 'npx', 'tsx', 'examples/guide.ts');
  expect(out).toContain('glid-head-coverage: GLID head v1: conforms');
  expect(out).toMatch(/'coverage\.error': 0\.\d+/);
  expect(out).toMatch(/label: 'ball', share: \d/);
});

it('the example notices a head that does not learn', async () => {
  const { code, stdout } = await run(folderOf('vector'), 'npx', 'tsx', 'examples/overfit.ts', '3');
  expect(stdout).toContain('That is not learning by heart');
  expect(code).toBe(1);
});

it('the example notices a head that does no better than one answer for all pictures', async () => {
  const folder = folderOf('vector');
  // The truth itself, picture by picture: no head does better.
  const truth = `let picture = 0;
    export function constantResult({ targets, labels }: any) {
      const { data } = targets[picture++].counts;
      return labels.map((label: string, k: number) => ({ label, count: data[k] }));
    }`;
  writeFileSync(join(folder, 'examples/constant.ts'), truth);
  const { code, stdout } = await run(folder, 'npx', 'tsx', 'examples/overfit.ts');
  expect(stdout).toMatch(/one answer for all pictures has 0\.000/);
  expect(stdout).toContain('That is not learning by heart');
  expect(code).toBe(1);
});
