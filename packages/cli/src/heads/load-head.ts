import { basename, extname, isAbsolute, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type AnyHead, GlidError, type HeadFactory } from '@glid/head-kit';
import { kindOf } from '../files/read.ts';
import { findPackage } from '../packages/find-package.ts';
import { unknownName } from '../usage-error.ts';

/** The heads of this project by their short names. A checkpoint's heads are looked up here, never by a name of its own. */
export const ownHeads = {
  detection: '@glid/head-detection',
  segmentation: '@glid/head-segmentation',
  depth: '@glid/head-depth',
  pose: '@glid/head-pose',
} as const;

export type AnyFactory = HeadFactory<object, AnyHead, never>;

/** A head that the user named. */
export interface NamedHead {
  /** Its key in the model, and so in the checkpoint. */
  readonly key: string;
  readonly factory: AnyFactory;
}

/**
 * Finds a head by what the user wrote: `detection`, a package, a file, each with `key=` before it where the key matters.
 * @throws GLID_USAGE with the command that installs it
 */
export async function loadHead(spec: string): Promise<NamedHead> {
  const [, key, target] = /^(?:([A-Za-z][\w-]*)=)?(.+)$/s.exec(spec)!;
  const name = target!;
  if (Object.hasOwn(ownHeads, name)) {
    return { key: key ?? name, factory: await fromPackage(ownHeads[name as keyof typeof ownHeads]) };
  }
  const isFile = name.startsWith('.') || isAbsolute(name) || /\.[cm]?[jt]s$/.test(name);
  if (isFile) return { key: key ?? keyOf(basename(name, extname(name))), factory: await fromFile(name) };
  if (!name.includes('/') && findPackage(name) === null) {
    throw unknownName(
      'head',
      name,
      Object.keys(ownHeads),
      `Use ${Object.keys(ownHeads).join(', ')}, an installed package, or a file (./my-head.js).`,
    );
  }
  return { key: key ?? keyOf(name), factory: await fromPackage(name) };
}

/** One of this project's own heads by its package name, if it is installed. */
export async function ownHeadById(id: string): Promise<AnyFactory | null> {
  const name = Object.values(ownHeads).find((own) => own === id);
  return name !== undefined && findPackage(name) ? fromPackage(name) : null;
}

async function fromPackage(name: string): Promise<AnyFactory> {
  const found = findPackage(name);
  if (!found) {
    throw new GlidError('GLID_USAGE', `The head package ${name} is not installed.`, {
      fix: `Run: npm install ${name}`,
      details: { package: name },
    });
  }
  return factoryIn((await import(found.url)) as object, name);
}

async function fromFile(path: string): Promise<AnyFactory> {
  const full = resolve(path);
  if ((await kindOf(full)) !== 'file') {
    throw new GlidError('GLID_USAGE', `There is no head file ${path}.`, { fix: 'Check the path given to --head.' });
  }
  try {
    return factoryIn((await import(pathToFileURL(full).href)) as object, path);
  } catch (cause) {
    if (GlidError.isInstance(cause)) throw cause;
    throw new GlidError('GLID_USAGE', `The head file ${path} cannot be loaded: ${(cause as Error).message}.`, {
      fix: 'Give a JavaScript module that exports what defineHead returns.',
      cause,
    });
  }
}

/** The head factory that a module exports: the default export, or the only one. */
function factoryIn(module: object, place: string): AnyFactory {
  const isFactory = (value: unknown): value is AnyFactory =>
    typeof value === 'function' && 'specificationVersion' in value && 'id' in value;
  const named = Object.entries(module).filter(([, value]) => isFactory(value));
  const chosen = named.find(([name]) => name === 'default') ?? (named.length === 1 ? named[0] : undefined);
  if (chosen) return chosen[1] as AnyFactory;
  throw new GlidError('GLID_USAGE', `${place} exports ${named.length === 0 ? 'no head' : 'several heads'}.`, {
    fix: 'Export what defineHead of @glid/head-kit returns, as default where there are several.',
    details: { heads: named.map(([name]) => name) },
  });
}

/** `@acme/glid-head-hair-colour` -> `hair-colour`. */
function keyOf(name: string): string {
  const plain = name
    .slice(name.lastIndexOf('/') + 1)
    .replace(/^(glid-)?head-/, '')
    .replace(/[^\w-]/g, '-');
  return /^[A-Za-z]/.test(plain) ? plain : `head-${plain}`;
}
