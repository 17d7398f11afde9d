import { dirname, posix } from 'node:path';
import ts from 'typescript';
import { lineAt, type SourceFile, type Violation } from './sources.ts';

/** Which packages a package may import. `*` stands for one name segment. The drawing is in docs/adr/0002. */
export const allowedArrows: Readonly<Record<string, readonly string[]>> = {
  '@glid/base': [],
  '@glid/ops': ['@glid/base'],
  '@glid/head-kit': ['@glid/base', '@glid/ops'],
  '@glid/head-*': ['@glid/base', '@glid/ops', '@glid/head-kit'],
  '@glid/core': ['@glid/base', '@glid/ops', '@glid/head-kit'],
  '@glid/data': ['@glid/base'],
  '@glid/collectives': ['@glid/base'],
  '@glid/backend-*': ['@glid/base', '@glid/ops'],
  '@glid/cli': ['@glid/*'],
  '@glid/create-head': ['@glid/base'],
};

/** Packages whose published code must not touch a tensor engine. */
const withoutTensors = ['@glid/base', '@glid/data', '@glid/collectives', '@glid/create-head'];

const matches = (pattern: string, name: string): boolean =>
  pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : pattern === name;

function rowFor(packageName: string): readonly string[] | undefined {
  return allowedArrows[packageName] ?? Object.entries(allowedArrows).find(([key]) => matches(key, packageName))?.[1];
}

/** Reports imports against the direction of the arrows, into another package's folder, or of tfjs where it is banned. */
export function checkArrows(files: readonly SourceFile[]): Violation[] {
  const found: Violation[] = [];
  for (const file of files) {
    const row = rowFor(file.packageName);
    if (!row) {
      found.push({
        path: file.path,
        line: 1,
        message: `${file.packageName} has no row in tools/guards/arrows.ts: add one.`,
      });
      continue;
    }
    const packageFolder = file.path.split('/').slice(0, 2).join('/');
    for (const { fileName, pos } of ts.preProcessFile(file.text, true, true).importedFiles) {
      const report = (message: string): void => {
        found.push({ path: file.path, line: lineAt(file.text, pos), message });
      };
      if (fileName.startsWith('.')) {
        const target = posix.normalize(posix.join(dirname(file.path), fileName));
        const own = ['src/', 'wasm/', 'package.json'].some((part) => target.startsWith(`${packageFolder}/${part}`));
        if (!own) {
          report(`import of '${fileName}' leaves the package's sources: import the other package by its name.`);
        }
      } else if (fileName.startsWith('@glid/')) {
        const target = fileName.split('/').slice(0, 2).join('/');
        if (target !== file.packageName && !row.some((pattern) => matches(pattern, target))) {
          report(`${file.packageName} must not import ${target}: allowed are ${row.join(', ') || 'none'}.`);
        }
      } else if (/^@tensorflow\//.test(fileName)) {
        if (withoutTensors.includes(file.packageName)) report(`${file.packageName} must stay free of TensorFlow.js.`);
      }
    }
  }
  return found;
}
