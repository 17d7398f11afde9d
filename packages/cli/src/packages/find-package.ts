import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** An installed package. */
export interface FoundPackage {
  readonly name: string;
  readonly version: string;
  /** Its main module. */
  readonly url: string;
}

/** Looks for a package from the user's folder upwards, then from this program's own. Imports nothing. */
export function findPackage(name: string, folder: string = process.cwd()): FoundPackage | null {
  return findFrom(name, folder) ?? findFrom(name, dirname(fileURLToPath(import.meta.url)));
}

/** Where a package of files, such as weights, is installed. */
export function packageFolder(name: string, folder: string = process.cwd()): string | null {
  return folderFrom(name, folder) ?? folderFrom(name, dirname(fileURLToPath(import.meta.url)));
}

function findFrom(name: string, start: string): FoundPackage | null {
  const folder = folderFrom(name, start);
  if (folder === null) return null;
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
  const entry = entryOf(manifest);
  if (entry === null) return null;
  return { name, version: manifest.version ?? '0.0.0', url: pathToFileURL(join(folder, entry)).href };
}

function folderFrom(name: string, start: string): string | null {
  for (let folder = resolve(start); ; folder = dirname(folder)) {
    const place = join(folder, 'node_modules', name);
    if (existsSync(join(place, 'package.json'))) return realpathSync(place);
    if (folder === dirname(folder)) return null;
  }
}

interface Manifest {
  readonly version?: string;
  readonly main?: string;
  readonly exports?: unknown;
}

function entryOf({ exports, main }: Manifest): string | null {
  if (exports === undefined) return main ?? 'index.js';
  if (typeof exports === 'object' && exports !== null && '.' in exports) return pick(exports['.']);
  return pick(exports);
}

/** Node's own rule: the first condition that holds, in the order of the file. */
function pick(target: unknown): string | null {
  if (typeof target === 'string') return target;
  if (typeof target !== 'object' || target === null) return null;
  for (const [condition, next] of Object.entries(target)) {
    if (!conditions().has(condition)) continue;
    const found = pick(next);
    if (found !== null) return found;
  }
  return null;
}

let known: Set<string> | undefined;

function conditions(): Set<string> {
  known ??= new Set(['node', 'import', 'module-sync', 'default', ...givenConditions(process.execArgv)]);
  return known;
}

/** Conditions that node was started with. */
function givenConditions(args: readonly string[]): string[] {
  return args.flatMap((arg, i) => {
    if (arg === '--conditions' || arg === '-C') return args[i + 1] ?? [];
    return arg.startsWith('--conditions=') ? arg.slice('--conditions='.length) : [];
  });
}
