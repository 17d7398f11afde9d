import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { kernelsBase64 } from '../src/simd/kernels-base64.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const committed = readFileSync(join(root, 'wasm/kernels.wasm'));
const hash = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

it('is rebuilt from its source bit by bit', () => {
  const folder = mkdtempSync(join(tmpdir(), 'glid-kernels-'));
  try {
    execFileSync(process.execPath, [join(root, 'assembly/build.mjs'), folder], { cwd: root });
    expect(hash(readFileSync(join(folder, 'kernels.wasm')))).toBe(hash(committed));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it('embeds the committed module', () => {
  expect(hash(Buffer.from(kernelsBase64, 'base64'))).toBe(hash(committed));
});

it('stays below 64 KB after gzip, owns no memory and has no data', () => {
  expect(gzipSync(committed, { level: 9 }).length).toBeLessThan(64 * 1024);
  const module = new WebAssembly.Module(committed);
  expect(WebAssembly.Module.imports(module)).toEqual([{ module: 'env', name: 'memory', kind: 'memory' }]);
  // A data segment would overwrite the heap that the module shares: section id 11 must be absent.
  expect(sectionIds(committed)).not.toContain(11);
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
