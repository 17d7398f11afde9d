import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A Markdown file of the documentation. */
export interface Page {
  /** From the repository's root. */
  readonly path: string;
  readonly text: string;
}

/** The pages whose code blocks are executed: README.md, CONTRIBUTING.md, docs/*.md, and the README of every package. */
export function pagesWithCode(root: string): Page[] {
  const guides = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'));
  const packages = readdirSync(join(root, 'packages')).filter((name) =>
    readdirSync(join(root, 'packages', name)).includes('README.md'),
  );
  return [
    'README.md',
    'CONTRIBUTING.md',
    ...guides.map((name) => `docs/${name}`),
    ...packages.map((name) => `packages/${name}/README.md`),
  ].map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

/** Code that a README shows and that the package's own tests hold, character by character: files in `test/readme`. */
export function shownByTests(root: string): ReadonlySet<string> {
  const folders = readdirSync(join(root, 'packages')).map((name) => join(root, 'packages', name, 'test/readme'));
  const files = folders
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)));
  return new Set(files.map((file) => readFileSync(file, 'utf8')));
}
