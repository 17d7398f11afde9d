import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { GlidError } from '@glid/base';
import { kindOf } from '../files/read.ts';
import { packageFolder } from '../packages/find-package.ts';

/**
 * The weights file behind a path: a file as it is; of a run folder the finished model, else its best, else its newest checkpoint; of an
 * installed package of weights, such as `@glid/weights-nano`, its `model.safetensors`.
 * @throws GLID_IO, GLID_CHECKPOINT
 */
export async function checkpointFile(named: string): Promise<string> {
  const path = (await kindOf(named)) === null ? packageFolder(named) : named;
  if (path === null) {
    const isPackage = /^@[^/]+\/[^/]+$/.test(named);
    throw new GlidError('GLID_IO', `There is no ${named}.`, {
      fix: isPackage
        ? `Install it: npm install ${named}`
        : 'Give a .safetensors file, a run folder or a package of weights.',
    });
  }
  const kind = await kindOf(path);
  if (kind === 'file') return path;
  const checkpoints = join(path, 'checkpoints');
  const found = (await kindOf(checkpoints)) === 'folder' ? (await readdir(checkpoints)).sort() : [];
  const newest = (prefix: string): string | undefined => found.filter((name) => name.startsWith(prefix)).at(-1);
  const folders = [path, ...[newest('best-'), newest('step-')].filter(isText).map((name) => join(checkpoints, name))];
  for (const folder of folders) {
    const file = join(folder, 'model.safetensors');
    if ((await kindOf(file)) === 'file') return file;
  }
  throw new GlidError('GLID_CHECKPOINT', `There is no model in the folder ${path}.`, {
    fix: 'Give a .safetensors file, or the folder of a run that has written a checkpoint.',
    details: { path },
  });
}

function isText(value: string | undefined): value is string {
  return value !== undefined;
}
