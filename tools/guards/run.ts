import { readFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { bannedOps } from '../../packages/ops/src/banned.ts';
import { checkArrows } from './arrows.ts';
import { checkFigures } from './figures.ts';
import { checkInstallScripts, type Lockfile } from './install-scripts.ts';
import { programOf } from './program.ts';
import { publishedSources, type Violation } from './sources.ts';
import { checkTensorUse } from './tensor-use.ts';

const root = process.cwd();
const sources = publishedSources(root);
const folders = [...new Set(sources.map((file) => file.path.split('/').slice(0, 2).join('/')))];
const differentiable = /^packages\/(ops|head-[a-z]+|core)\/src\//;
const published = new Set(sources.map((file) => resolve(root, file.path)));
const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as Lockfile;

const guards: Record<string, Violation[]> = {
  'dependency arrows': checkArrows(sources),
  'install scripts': checkInstallScripts(lock, folders),
  'published figures': checkFigures(root),
  'tensor use': checkTensorUse(
    programOf(resolve('tsconfig.json')),
    (path) => published.has(path) && differentiable.test(relative(root, path)),
    bannedOps,
  ),
};

let count = 0;
for (const [name, violations] of Object.entries(guards)) {
  console.log(`${violations.length === 0 ? 'ok  ' : 'FAIL'} ${name}`);
  for (const { path, line, message } of violations) {
    console.log(`     ${path.startsWith('/') ? relative(root, path) : path}:${line}  ${message}`);
  }
  count += violations.length;
}
process.exitCode = count === 0 ? 0 : 1;
