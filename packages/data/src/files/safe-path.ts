import { dataError } from '@glid/base';

/** A path out of an annotation file, made plain. Throws `GLID_DATA` unless it stays below its root. */
export function safePath(path: string, root: string): string {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  const leaves =
    path.startsWith('/') ||
    /^[a-zA-Z]:/.test(path) ||
    path.includes('\\') ||
    path.includes('\0') ||
    parts.includes('..');
  if (leaves || parts.length === 0) {
    throw dataError(
      { source: root, field: 'path', got: path },
      `The path ${JSON.stringify(path.slice(0, 200))} is empty or leaves the data folder.`,
      "Use relative paths with '/' and without '..'.",
    );
  }
  return parts.join('/');
}

/** Joins folder and file; both may be empty. */
export function joinPath(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '' && part !== '.').join('/');
}
