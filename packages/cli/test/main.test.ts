import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Command } from '../src/command.ts';
import { main } from '../src/main.ts';
import { parseArguments } from '../src/options.ts';
import { editDistance, suggest } from '../src/suggest.ts';

async function glid(...args: string[]) {
  let stdout = '';
  let stderr = '';
  const code = await main(
    args,
    { stdout: { write: (text: string) => (stdout += text) }, stderr: { write: (text: string) => (stderr += text) } },
    new AbortController().signal,
  );
  return { code, stdout, stderr };
}

describe('glid', () => {
  it('explains itself', async () => {
    const { code, stdout } = await glid('--help');
    expect(code).toBe(0);
    expect(stdout).toContain('info');
  });

  it.each([['-h'], ['score', '-h']])('%j prints help', async (...args) => {
    const { code, stdout, stderr } = await glid(...args);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/Usage: glid/);
  });

  it('refuses a misspelt verb with the nearest one and exit code 2', async () => {
    const { code, stdout, stderr } = await glid('inof');
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain("Did you mean 'info'?");
    expect(stderr).not.toContain('at ');
  });

  it('refuses a misspelt option', async () => {
    const { code, stderr } = await glid('info', '--jsno');
    expect(code).toBe(2);
    expect(stderr).toContain("Did you mean '--json'?");
  });

  it('prints exactly one object to stdout with --json', async () => {
    const { code, stdout, stderr } = await glid('info', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ glid: expect.any(String), node: process.versions.node });
    expect(stderr).toContain('glid');
  });

  it('prints errors as an object too with --json', async () => {
    const { code, stdout } = await glid('info', 'surplus', '--json');
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'GLID_USAGE' } });
  });
});

describe('options', () => {
  const command: Command = {
    name: 'test',
    summary: '',
    usage: 'glid test IMAGE...',
    positionals: ['IMAGE...'],
    options: {
      batchSize: { kind: 'integer', help: 'pictures a step', default: 8, minimum: 1 },
      rate: { kind: 'number', help: 'learning rate' },
      share: { kind: 'number', help: 'share', maximum: 1 },
      heads: { kind: 'list', help: 'heads', choices: ['detection', 'depth'] },
      strict: { kind: 'boolean', help: 'strict' },
      out: { kind: 'string', help: 'folder' },
      settings: { kind: 'json', help: 'settings' },
    },
    run: async () => undefined,
  };
  const parse = (...args: string[]) => parseArguments(command, args);

  it('reads flags, lists, negations, = and --', async () => {
    const { options, positionals } = await parse(
      '--rate=1e-3',
      'a.png',
      '--heads',
      'depth,detection',
      '--no-strict',
      '--',
      '--b',
    );
    expect(options).toMatchObject({ batchSize: 8, rate: 1e-3, heads: ['depth', 'detection'], strict: false });
    expect(positionals).toEqual(['a.png', '--b']);
  });

  it('lays flags over the configuration file over defaults', async () => {
    const file = join(await mkdtemp(join(tmpdir(), 'glid-cli-')), 'run.json');
    await writeFile(file, '{ "batchSize": 4, "rate": 0.5 }');
    const { options } = await parse('x', '--config', file, '--rate', '0.25');
    expect(options).toMatchObject({ batchSize: 4, rate: 0.25 });
  });

  it('takes settings as text from a flag, as an object from the configuration file', async () => {
    const file = join(await mkdtemp(join(tmpdir(), 'glid-cli-')), 'run.json');
    await writeFile(file, '{ "settings": { "mode": "semantic" } }');
    expect((await parse('x', '--config', file)).options.settings).toEqual({ mode: 'semantic' });
    expect((await parse('x', '--settings', '{"a":1}')).options.settings).toBe('{"a":1}');
    await writeFile(file, '{ "settings": ["semantic"] }');
    await expect(parse('x', '--config', file)).rejects.toThrow('an object');
  });

  it.each([
    [['x', '--batch-size', '1.5'], 'whole number'],
    [['x', '--batch-size', '0'], 'at least 1'],
    [['x', '--batch-size'], 'needs a value'],
    [['x', '--rate', 'fast'], 'number'],
    [['x', '--share', '2'], 'at most 1'],
    [['x', '--heads', 'detectoin'], "'detection'"],
    [['x', '--strict=1'], 'no value'],
    [['x', '-o', 'y'], 'two dashes'],
    [[], 'IMAGE... is missing'],
  ])('refuses %j', async (args, message) => {
    await expect(parse(...args)).rejects.toThrow(message);
  });

  it('refuses an unknown key in the configuration file, with the nearest name', async () => {
    const file = join(await mkdtemp(join(tmpdir(), 'glid-cli-')), 'run.json');
    await writeFile(file, '{ "batchsize": 4 }');
    await expect(parse('x', '--config', file)).rejects.toThrow("'batchSize'");
    await expect(parse('x', '--config', dirname(file))).rejects.toThrow('a file, not a folder');
  });
});

it('loads no engine before a verb is chosen', async () => {
  const seen = new Set<string>();
  const packages = new Set<string>();
  const follow = async (file: string): Promise<void> => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const [, name] of (await readFile(file, 'utf8')).matchAll(
      /^(?:import|export) (?!type )[^;]*?from '([^']+)';/gm,
    )) {
      if (name!.startsWith('.')) await follow(resolve(dirname(file), name!));
      else packages.add(name!);
    }
  };
  await follow(resolve(import.meta.dirname, '../src/glid.ts'));
  expect(seen.size).toBeGreaterThan(5);
  expect([...packages].filter((name) => !name.startsWith('node:'))).toEqual(['@glid/base']);
});

it('measures edits', () => {
  expect(editDistance('', 'abc')).toBe(3);
  expect(editDistance('abcd', 'acbd')).toBe(1);
  expect(editDistance('kitten', 'sitting')).toBe(3);
  expect(suggest('zzz', ['info'])).toBeUndefined();
});
