import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GlidError, sentence } from '@glid/base';
import { dependencyTables, tfjsVersion } from './dependencies.ts';
import { type KindName, kinds } from './kinds.ts';
import type { HeadNames } from './names.ts';

const templates = fileURLToPath(new URL('../templates', import.meta.url));

/** What npm leaves out of, or takes for its own in, a published package. */
const renamed: Readonly<Record<string, string>> = { gitignore: '.gitignore', 'manifest.json': 'package.json' };

/**
 * Writes a head package. It is put together beside its place and moved there when it is whole: a failure leaves nothing behind.
 *
 * @returns paths of its files, relative to the folder
 * @throws GLID_USAGE when the folder exists; GLID_IO
 */
export function createPackage(names: HeadNames, kind: KindName): readonly string[] {
  const { folder } = names;
  if (existsSync(folder)) {
    throw new GlidError('GLID_USAGE', `${folder} exists already.`, {
      fix: 'Give another name, or remove it first.',
      details: { folder },
    });
  }
  const draft = join(dirname(folder), `.${basename(folder)}-${process.pid}.tmp`);
  let made: string | undefined;
  try {
    made = mkdirSync(draft, { recursive: true });
    for (const part of ['common', kind]) cpSync(join(templates, part), draft, { recursive: true });
    for (const [from, to] of Object.entries(renamed)) renameSync(join(draft, from), join(draft, to));
    const files = filesIn(draft);
    for (const file of files) fillIn(join(draft, file), names, kind);
    addDependencies(join(draft, 'package.json'), kind);
    renameSync(draft, folder);
    return files;
  } catch (cause) {
    if (made !== undefined) rmSync(made, { recursive: true, force: true });
    throw new GlidError('GLID_IO', sentence(`${folder} cannot be written: ${(cause as Error).message}`), {
      fix: 'Choose a folder that you may write to.',
      cause,
    });
  }
}

function filesIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

/** Puts the names in place of the template's own. */
function fillIn(path: string, { packageName, constant }: HeadNames, kind: KindName): void {
  const text = readFileSync(path, 'utf8')
    .replaceAll('../manifest.json', '../package.json')
    .replaceAll('glid-head-template', packageName)
    .replaceAll('templateHead', constant)
    .replaceAll('{{what}}', kinds[kind].what)
    .replaceAll('{{tfjs}}', tfjsVersion);
  writeFileSync(path, text);
}

function addDependencies(path: string, kind: KindName): void {
  const manifest = JSON.parse(readFileSync(path, 'utf8')) as object;
  writeFileSync(path, `${JSON.stringify({ ...manifest, ...dependencyTables(kind) }, null, 2)}\n`);
}
