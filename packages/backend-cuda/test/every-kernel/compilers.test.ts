import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Ffi, NativeArgument } from '../../src/ffi/port.ts';
import { compileWithNvcc, findNvcc } from './nvcc.ts';
import { compileWithNvrtc, findNvrtc } from './nvrtc.ts';

/** Opens libraries in `/libs` alone, which have the functions that `has` tells; NVRTC of theirs warns of kernels that say so. */
function libraries(has: (name: string) => boolean): Ffi {
  let source = '';
  const bytes = (): Uint8Array => new TextEncoder().encode(source.includes('warn') ? 'a warning\0' : '\0');
  const functions: Record<string, (...args: NativeArgument[]) => number> = {
    nvrtcCreateProgram: (_, text) => {
      source = text as string;
      return 0;
    },
    nvrtcCompileProgram: () => (source.includes('fail') ? 6 : 0),
    nvrtcGetProgramLogSize: (_, out) => {
      (out as BigUint64Array)[0] = BigInt(bytes().length);
      return 0;
    },
    nvrtcGetProgramLog: (_, out) => {
      (out as Uint8Array).set(bytes());
      return 0;
    },
  };
  return {
    open(path) {
      if (!path.startsWith('/libs/')) throw new Error('cannot open shared object file');
      return { path, bind: (name) => (has(name) ? (functions[name] ?? (() => 0)) : undefined) };
    },
    address: () => 0,
    readString: () => '',
  };
}

const nvidia = (name: string): boolean => name.startsWith('nvrtc');
const around = (libs: string) => ({
  env: { GLID_CUDA_LIBS: libs },
  list: (folder: string) => (folder === '/libs' ? ['libnvrtc.so.12'] : []),
});

it('finds NVRTC in the folder that GLID_CUDA_LIBS names, and compiles with it', () => {
  const found = findNvrtc(libraries(nvidia), around('/libs'));
  expect(found).toMatchObject({ path: '/libs/libnvrtc.so.12' });
  if (typeof found === 'string') return;
  const sources = ['', 'warn', 'fail'].map((text, i) => ({ key: `kernel ${i}`, text }));
  expect(compileWithNvrtc(found, sources, 'sm_90')).toEqual(['kernel 1: a warning', 'kernel 2: nvrtcResult 6']);
});

it('says where it looked for NVRTC, and does not take the simulator for it', () => {
  expect(findNvrtc(libraries(nvidia), around('/wrong'))).toMatch(
    /libnvrtc was not found.*\/wrong\/libnvrtc\.so: .*pip install nvidia-cuda-nvrtc/s,
  );
  expect(
    findNvrtc(
      libraries(() => true),
      around('/libs'),
    ),
  ).toBe("/libs/libnvrtc.so.12 is the simulator's.");
});

it('gives nvcc kernels with equal names and macros, and tells whose a complaint is', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'glid-nvcc-test-'));
  const before = process.env.NVCC;
  try {
    // Stands for nvcc: complains of the second kernel unless the first one's macro is gone.
    const nvcc = join(folder, 'nvcc');
    const script = `#!/bin/sh\n[ "$1" = --version ] && exit 0\nfor file; do :; done\ngrep -q '#undef AT' "$file" || exit 3\necho '"1"(2): warning' >&2\nexit 1\n`;
    writeFileSync(nvcc, script, { mode: 0o755 });
    process.env.NVCC = nvcc;
    expect(await findNvcc()).toBe(nvcc);
    const text = '#define AT 1\nextern "C" __global__ void k() {}';
    const sources = [0, 1].map((i) => ({ key: `kernel ${i}`, text }));
    expect(await compileWithNvcc(nvcc, sources, 'sm_90')).toEqual(['kernel 1: "1"(2): warning']);
    process.env.NVCC = join(folder, 'none');
    expect(await findNvcc()).toBeUndefined();
  } finally {
    if (before === undefined) delete process.env.NVCC;
    else process.env.NVCC = before;
    rmSync(folder, { recursive: true });
  }
});
