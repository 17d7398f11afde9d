import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import * as core from '../src/index.ts';

const folder = new URL('../', import.meta.url);
const readme = readFileSync(new URL('README.md', folder), 'utf8');

it('points at files that exist', () => {
  const links = [...readme.matchAll(/\]\(([^)#]+)\)/g)].map((match) => match[1]!);
  expect(links.length).toBeGreaterThan(10);
  for (const link of links) expect(existsSync(new URL(link, folder)), link).toBe(true);
});

it('imports what the package exports', () => {
  const imported = [...readme.matchAll(/import \{([^}]+)\} from '@glid\/core'/g)].flatMap((match) =>
    match[1]!.split(','),
  );
  expect(imported.length).toBeGreaterThan(3);
  for (const name of [
    ...imported,
    'forwardFeatures',
    'forwardHead',
    'forwardPretrain',
    'swinBlock',
    'saveWeights',
    'fromUrl',
  ]) {
    expect(core, name).toHaveProperty(name.trim());
  }
});
