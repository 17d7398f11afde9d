import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Block } from './blocks.ts';
import type { Page } from './pages.ts';
import { programOf } from './program.ts';

/** Where the programs of the pages are written, inside the repository so that they find its packages. */
export const programFolder = '.cache/docs';

/** Writes a page's program, for the type checker or to run, and returns its path. */
export function writeProgram(root: string, page: Page, blocks: readonly Block[], mode: 'check' | 'run'): string {
  const folder = join(root, programFolder, mode);
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${page.path.replaceAll('/', '-').replace(/\.md$/, '')}.ts`);
  writeFileSync(file, programOf(blocks, mode));
  return file;
}
