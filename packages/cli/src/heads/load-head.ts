import { existsSync } from 'node:fs';
import { basename, extname, isAbsolute, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type AnyHead, checkSpecification, GlidError, type HeadFactory, sentence } from '@glid/head-kit';
import { kindOf } from '../files/read.ts';
import { type FoundPackage, findPackage, packageIn } from '../packages/find-package.ts';
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
 * Finds a head by what the user wrote: `detection`, a package, a file, the folder of a package, each with `key=` before it where the key matters.
 * @throws GLID_USAGE with the command that installs it
 */
export async function loadHead(spec: string): Promise<NamedHead> {
  const [, key, target] = /^(?:([A-Za-z][\w-]*)=)?(.+)$/s.exec(spec)!;
  const name = target!;
  if (Object.hasOwn(ownHeads, name)) {
    return { key: key ?? name, factory: await fromPackage(ownHeads[name as keyof typeof ownHeads]) };
  }
  const isPath = name.startsWith('.') || isAbsolute(name) || /\.[cm]?[jt]s$/.test(name);
  if (isPath) return fromPath(name, key);
  if (!name.includes('/') && findPackage(name) === null) {
    throw unknownName(
      'head',
      name,
      Object.keys(ownHeads),
      `Use ${Object.keys(ownHeads).join(', ')}, an installed package, or a file or folder (./my-head).`,
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

async function fromPath(path: string, key: string | undefined): Promise<NamedHead> {
  const full = resolve(path);
  const kind = await kindOf(full);
  if (kind === 'file') {
    return { key: key ?? keyOf(basename(full, extname(full))), factory: await fromUrl(pathToFileURL(full).href, path) };
  }
  const found = kind === 'folder' ? packageIn(full) : null;
  if (!found) {
    throw new GlidError('GLID_USAGE', `There is no head ${kind === 'folder' ? 'package in' : 'file'} ${path}.`, {
      fix: 'Give --head a JavaScript file, or a folder whose package.json names the built head.',
    });
  }
  return { key: key ?? keyOf(found.name), factory: await fromFolder(found, path) };
}

async function fromFolder({ url, name }: FoundPackage, path: string): Promise<AnyFactory> {
  if (existsSync(fileURLToPath(url))) return fromUrl(url, path);
  throw new GlidError('GLID_USAGE', `The package ${name} in ${path} is not built: it has no ${fileURLToPath(url)}.`, {
    fix: `Run: npm run build --prefix ${path}`,
    details: { package: name, path },
  });
}

async function fromUrl(url: string, place: string): Promise<AnyFactory> {
  try {
    return factoryIn((await import(url)) as object, place);
  } catch (cause) {
    if (GlidError.isInstance(cause)) throw cause;
    throw new GlidError('GLID_USAGE', sentence(`The head ${place} cannot be loaded: ${(cause as Error).message}`), {
      fix: 'Give a JavaScript module that exports what defineHead returns, with its dependencies installed.',
      cause,
    });
  }
}

/** The head factory that a module exports: the default export, or the only one. @throws GLID_SPEC_VERSION */
function factoryIn(module: object, place: string): AnyFactory {
  const isFactory = (value: unknown): value is AnyFactory =>
    typeof value === 'function' && 'specificationVersion' in value && 'id' in value;
  const named = Object.entries(module).filter(([, value]) => isFactory(value));
  const chosen = named.find(([name]) => name === 'default') ?? (named.length === 1 ? named[0] : undefined);
  if (chosen) {
    const factory = chosen[1] as AnyFactory;
    checkSpecification(factory);
    return factory;
  }
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
