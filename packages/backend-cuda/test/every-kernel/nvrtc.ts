import { nvrtcTable } from '../../src/driver/nvrtc.ts';
import { bindTable } from '../../src/ffi/bind.ts';
import { findLibrary } from '../../src/ffi/find-libraries.ts';
import type { Surroundings } from '../../src/ffi/library-places.ts';
import type { Ffi, NativeLibrary } from '../../src/ffi/port.ts';
import type { KernelSource } from '../kernel-sources.ts';

/** NVRTC where the backend's own search finds it, unless that is the simulator's; or why there is none. No GPU is needed. */
export function findNvrtc(ffi: Ffi, around: Surroundings): NativeLibrary | string {
  try {
    const library = findLibrary(ffi, 'nvrtc', [], around);
    return library.bind('cudasimReset', []) === undefined ? library : `${library.path} is the simulator's.`;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Errors and warnings for one architecture, each with its kernel's key; empty where there are none. Options as the backend gives them. */
export function compileWithNvrtc(
  library: NativeLibrary,
  sources: readonly KernelSource[],
  architecture: string,
): string[] {
  const nvrtc = bindTable(library, nvrtcTable);
  const out = new BigUint64Array(1);
  const options = [`--gpu-architecture=${architecture}`, '--std=c++17', '-default-device'];
  return sources.flatMap(({ key, text }) => {
    nvrtc.nvrtcCreateProgram(out, text, 'kernel.cu', 0, 0, 0);
    const handle = Number(out[0]);
    const code = nvrtc.nvrtcCompileProgram(handle, options.length, options);
    nvrtc.nvrtcGetProgramLogSize(handle, out);
    const bytes = new Uint8Array(Number(out[0]));
    nvrtc.nvrtcGetProgramLog(handle, bytes);
    const log = new TextDecoder().decode(bytes).replace(/\0.*$/s, '').trim();
    out[0] = BigInt(handle);
    nvrtc.nvrtcDestroyProgram(out);
    return code === 0 && log === '' ? [] : [`${key}: ${log || `nvrtcResult ${code}`}`];
  });
}
