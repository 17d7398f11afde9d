import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { kernelsBase64, relaxedKernelsBase64 } from '../src/simd/kernels-base64.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const modules = [
  { file: 'kernels.wasm', embedded: kernelsBase64 },
  { file: 'kernels-relaxed.wasm', embedded: relaxedKernelsBase64 },
].map(({ file, embedded }) => ({ file, embedded, committed: readFileSync(join(root, 'wasm', file)) }));
const hash = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

it('both modules are rebuilt from their source bit by bit', () => {
  const folder = mkdtempSync(join(tmpdir(), 'glid-kernels-'));
  try {
    execFileSync(process.execPath, [join(root, 'assembly/build.mjs'), folder], { cwd: root });
    for (const { file, committed } of modules) expect(hash(readFileSync(join(folder, file)))).toBe(hash(committed));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it('both together stay below 64 KB after gzip', () => {
  const sizes = modules.map(({ committed }) => gzipSync(committed, { level: 9 }).length);
  expect(sizes.reduce((a, b) => a + b)).toBeLessThan(64 * 1024);
});

it.each(modules)('$file is embedded as committed, owns no memory and has no data', ({ committed, embedded }) => {
  expect(hash(Buffer.from(embedded, 'base64'))).toBe(hash(committed));
  // A data segment would overwrite the heap that the module shares: section id 11 must be absent.
  expect(sectionIds(committed)).not.toContain(11);
  // An engine without relaxed SIMD cannot say what its module imports; the page's test instantiates that one.
  if (!WebAssembly.validate(committed)) return;
  const module = new WebAssembly.Module(committed);
  expect(WebAssembly.Module.imports(module)).toEqual([{ module: 'env', name: 'memory', kind: 'memory' }]);
});

/** Ids of a WebAssembly module's sections: after 8 bytes of header, each is an id, a length in LEB128 and its content. */
function sectionIds(bytes: Uint8Array): number[] {
  const ids: number[] = [];
  for (let at = 8; at < bytes.length; ) {
    ids.push(bytes[at++]!);
    let length = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]!;
      length += (byte & 127) * 2 ** shift;
      if (byte < 128) break;
    }
    at += length;
  }
  return ids;
}
