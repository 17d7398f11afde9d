import { dataError } from '@glid/base';
import { safePath } from './safe-path.ts';

/** Files below one root, whatever holds them. Paths are relative and use `/`. */
export interface FileSource {
  /** For messages. */
  readonly name: string;
  /** Throws `GLID_DATA` when the file is absent, too large or outside of the root. */
  read(path: string, options?: ReadOptions): Promise<Uint8Array>;
  /** Throws `GLID_DATA` for paths outside of the root. */
  has(path: string): Promise<boolean>;
  /** Names in a folder, sorted, folders with a final `/`; empty when there is no such folder. */
  list(folder: string): Promise<readonly string[]>;
}

export interface ReadOptions {
  /** Default 512 MiB. */
  readonly maxBytes?: number;
}

export const defaultMaxBytes: number = 512 * 2 ** 20;

/** A folder's path in Node, or anything that reads files. */
export type Root = string | FileSource;

/** A source for a root. Paths are for Node; pages bring their own source. */
export async function openRoot(root: Root): Promise<FileSource> {
  if (typeof root !== 'string') return root;
  const { openFolder } = await import('#platform');
  return openFolder(root);
}

/** Files in memory, by path: for tests, archives and pages. */
export function memoryFiles(files: { readonly [path: string]: Uint8Array | string }, name = 'memory'): FileSource {
  const table = new Map(Object.entries(files));
  return {
    name,
    async read(path, options) {
      const content = table.get(safePath(path, name));
      if (content === undefined) throw missingFile(name, path);
      const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
      checkBytes(bytes.length, options?.maxBytes, name, path);
      return bytes;
    },
    has: async (path) => table.has(safePath(path, name)),
    async list(folder) {
      const prefix = folder === '' || folder === '.' ? '' : `${safePath(folder, name)}/`;
      const names = new Set<string>();
      for (const path of table.keys()) {
        if (!path.startsWith(prefix)) continue;
        const [first, ...rest] = path.slice(prefix.length).split('/');
        names.add(rest.length > 0 ? `${first}/` : first!);
      }
      return [...names].sort();
    },
  };
}

export function missingFile(root: string, path: string, cause?: unknown): Error {
  return dataError(
    { source: `${root}/${path}`, ...(cause === undefined ? {} : { cause }) },
    'There is no such file, or it cannot be read.',
    'Check the path and the rights.',
  );
}

export function checkBytes(bytes: number, maxBytes: number | undefined, root: string, path: string): void {
  const limit = maxBytes ?? defaultMaxBytes;
  if (bytes <= limit) return;
  throw dataError(
    { source: `${root}/${path}`, got: bytes, expected: limit },
    `The file has ${bytes} bytes; the limit is ${limit}.`,
    'Make it smaller, split it, or raise the limit of the reader.',
  );
}
