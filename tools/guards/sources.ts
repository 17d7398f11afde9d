import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

/** A TypeScript file of a package. */
export interface SourceFile {
  /** Path from the repository root, with forward slashes. */
  readonly path: string;
  readonly packageName: string;
  readonly text: string;
}

/** What a guard found: where, what, and what to do instead. */
export interface Violation {
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

export function walk(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (name === 'node_modules' || name === 'dist') return [];
    return statSync(path).isDirectory() ? walk(path) : [path];
  });
}

/** The published sources: `packages/<name>/src/**\/*.ts` without tests. */
export function publishedSources(root: string): SourceFile[] {
  return readdirSync(join(root, 'packages')).flatMap((name) => {
    const manifest = JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8'));
    const folder = join(root, 'packages', name, 'src');
    if (manifest.private || !existsSync(folder)) return []; // weights have no sources
    return walk(folder)
      .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
      .map((path) => ({
        path: relative(root, path).split(sep).join('/'),
        packageName: manifest.name as string,
        text: readFileSync(path, 'utf8'),
      }));
  });
}

export function lineAt(text: string, position: number): number {
  return text.slice(0, position).split('\n').length;
}
