import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { performancePage } from '../performance.ts';
import type { Violation } from './sources.ts';

/** docs/performance.md has to be what the benchmarks' results make it. */
export function checkFigures(root: string): Violation[] {
  const path = 'docs/performance.md';
  const file = join(root, path);
  const lines = (existsSync(file) ? readFileSync(file, 'utf8') : '').split('\n');
  const wanted = performancePage(join(root, 'benchmarks/results')).split('\n');
  const length = Math.max(lines.length, wanted.length);
  for (let i = 0; i < length; i++) {
    if (lines[i] === wanted[i]) continue;
    const message = 'not what benchmarks/results say: run npx tsx --conditions=@glid/source tools/performance.ts';
    return [{ path, line: i + 1, message }];
  }
  return [];
}
