// Runs after all other tests: NVIDIA's compilers take every kernel that those have run.
import { describe, expect, it } from 'vitest';
import { machine } from '../../src/ffi/find-libraries.ts';
import { loadKoffi } from '../../src/ffi/koffi.ts';
import type { NativeLibrary } from '../../src/ffi/port.ts';
import { keptSources } from '../kernel-sources.ts';
import { withoutCompiler } from '../simulator.ts';
import { compileWithNvcc, findNvcc } from './nvcc.ts';
import { compileWithNvrtc, findNvrtc } from './nvrtc.ts';

const architectures = ['sm_80', 'sm_90'];
const nvrtc = findNvrtc(await loadKoffi(), machine);
if (typeof nvrtc === 'string') console.warn(`skipped: kernels by NVRTC. ${nvrtc}`);
const nvcc = await findNvcc();
if (nvcc === undefined) console.warn('skipped: kernels by nvcc, which is not on the PATH nor named by NVCC.');

describe.skipIf(withoutCompiler)('every kernel that the tests run', () => {
  it('needs no header, no assembler and no extension of C++', () => {
    const sources = keptSources();
    expect(sources.length, 'kernels of the tests in packages/backend-cuda, which run first').toBeGreaterThan(350);
    for (const { key, text } of sources) expect(text, key).not.toMatch(/#include|\basm\b|\(\{/);
  });

  it.skipIf(typeof nvrtc === 'string')(
    'compiles for sm_80 and sm_90 without a warning by NVRTC (needs libnvrtc)',
    () => {
      for (const architecture of architectures) {
        expect(compileWithNvrtc(nvrtc as NativeLibrary, keptSources(), architecture), architecture).toEqual([]);
      }
    },
    600_000,
  );

  // The same front end, which however knows headers and functions of the host that NVRTC does not.
  it.skipIf(nvcc === undefined)(
    'compiles for sm_80 and sm_90 without a warning by nvcc (needs nvcc)',
    async () => {
      const compile = (architecture: string) => compileWithNvcc(nvcc!, keptSources(), architecture);
      expect((await Promise.all(architectures.map(compile))).flat()).toEqual([]);
    },
    600_000,
  );
});
