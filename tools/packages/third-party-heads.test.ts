import { cpSync, existsSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { emptyProject, installed, mustRun, readJson, run } from './npm.ts';

/** The examples, copied away from this checkout: they see published packages only. */
const workshop = mkdtempSync(join(tmpdir(), 'glid-third-party-'));
const examples = resolve(import.meta.dirname, '../../examples/third-party-heads');
const heads = ['crowd-counting', 'image-classification'];
const folderOf = (head: string) => join(workshop, head);
/** Where the command line is installed: another project, with an engine of its own beside the heads'. */
let app: string;

beforeAll(async () => {
  const without = { recursive: true, filter: (path: string) => !['node_modules', 'dist'].includes(basename(path)) };
  for (const head of heads) cpSync(join(examples, head), folderOf(head), without);
  await mustRun(folderOf('crowd-counting'), 'npm', 'install');
  symlinkSync(join(folderOf('crowd-counting'), 'node_modules'), join(folderOf('image-classification'), 'node_modules'));
  app = emptyProject('app');
  await mustRun(app, 'npm', 'install', '@glid/cli', '@tensorflow/tfjs-core@4.22.0', 'sharp');
  cpSync(join(import.meta.dirname, 'consumers/draw-pictures.mjs'), join(app, 'draw-pictures.mjs'));
  await mustRun(app, 'node', 'draw-pictures.mjs');
  const { backbone } = (await import(join(import.meta.dirname, 'consumers/micro.mjs'))) as { backbone: object };
  writeFileSync(join(app, 'micro.json'), JSON.stringify(backbone));
});

describe.each(heads)('%s', (head) => {
  it('asks for published packages only', () => {
    const manifest = readJson<Record<string, Record<string, string>>>(folderOf(head), 'package.json');
    const asked = { ...manifest.dependencies, ...manifest.peerDependencies, ...manifest.devDependencies };
    expect(Object.values(asked).filter((range) => /^(file|link|workspace|git|http)/.test(range))).toEqual([]);
    expect(Object.keys(asked).filter((name) => !existsSync(join(folderOf(head), 'node_modules', name)))).toEqual([]);
  });

  it('builds, conforms and passes its tests', async () => {
    const early = await run(
      app,
      'npx',
      'glid',
      'finetune',
      '--head',
      folderOf(head),
      '--data',
      'synthetic',
      '--out',
      'early',
    );
    expect(early.stderr).toMatch(/is not built.*Run: npm run build --prefix/);
    expect(early.code).toBe(2);
    await mustRun(folderOf(head), 'npm', 'run', 'build');
    const out = await mustRun(folderOf(head), 'npm', 'test');
    expect(out).toContain(`glid-head-${head}: GLID head v1: conforms`);
  });
});

describe('glid --head FOLDER, from another project', () => {
  const short = ['--steps', '4', '--batch-size', '4', '--backend', 'wasm', '--json'];
  const glid = async (...args: readonly string[]) => JSON.parse(await mustRun(app, 'npx', 'glid', ...args));

  it('nothing is shared: there are two engines', () => {
    expect(installed(app)).toContain('@tensorflow/tfjs-core');
    expect(installed(folderOf('crowd-counting'))).toContain('@tensorflow/tfjs-core');
  });

  it('counting: fine-tunes, evaluates and predicts', async () => {
    const head = ['--head', folderOf('crowd-counting')];
    const data = ['--data', 'synthetic', '--labels', 'ball,crate', '--size', '64', '--limit', '8'];
    const tuned = await glid(
      'finetune',
      ...head,
      ...data,
      '--backbone',
      'micro.json',
      '--eval-limit',
      '4',
      ...short,
      '--out',
      'crowd',
    );
    expect(Object.keys(tuned.evaluations.at(-1).metrics)).toEqual(expect.arrayContaining(['crowd-counting.mae']));
    const scored = await glid('evaluate', ...head, '--model', 'crowd', ...data, '--backend', 'wasm', '--json');
    expect(scored.metrics['crowd-counting'].mae).toBeGreaterThanOrEqual(0);
    expect(scored.metrics['crowd-counting'].rmse).toBeGreaterThanOrEqual(scored.metrics['crowd-counting'].mae);
    await glid(
      'predict',
      ...head,
      '--model',
      'crowd',
      'pictures/ball/0.png',
      '--out',
      'found',
      '--backend',
      'wasm',
      '--json',
    );
    const { heads: found } = readJson<{ heads: Record<string, { result: { count: number } }> }>(app, 'found/0.json');
    expect(found['crowd-counting']!.result.count).toBeGreaterThan(0);
    expect(readFileSync(join(app, 'found/0.png')).subarray(1, 4).toString()).toBe('PNG');
  });

  it('classification: learns from a folder a class', async () => {
    const head = ['--head', `kind=${folderOf('image-classification')}`];
    const data = ['--data', 'pictures', '--labels', 'ball,crate', '--size', '64'];
    const tuned = await glid('finetune', ...head, ...data, '--backbone', 'micro.json', ...short, '--out', 'kinds');
    expect(Object.keys(tuned.evaluations.at(-1).metrics)).toEqual(expect.arrayContaining(['kind.top1', 'kind.top5']));
    const scored = await glid('evaluate', ...head, '--model', 'kinds', ...data, '--backend', 'wasm', '--json');
    expect(scored.pictures).toBe(2);
    expect(scored.metrics.kind.top5).toBe(1);
    await glid(
      'predict',
      ...head,
      '--model',
      'kinds',
      'pictures/crate',
      '--out',
      'named',
      '--backend',
      'wasm',
      '--json',
    );
    const { heads: found } = readJson<{ heads: { kind: { result: { label: string } } } }>(app, 'named/0.json');
    expect(['ball', 'crate']).toContain(found.kind.result.label);
  });

  it('a checkpoint names its head, and the message says what to give', async () => {
    const { code, stderr } = await run(
      app,
      'npx',
      'glid',
      'predict',
      '--model',
      'kinds',
      'pictures/ball',
      '--out',
      'none',
    );
    expect(code).toBe(1);
    expect(stderr).toMatch(/glid-head-image-classification.*--head/s);
  });
});
