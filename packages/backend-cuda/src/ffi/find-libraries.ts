import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { GlidError } from '@glid/base';
import { type LibraryName, libraryFacts, libraryPlaces, type Surroundings } from './library-places.ts';
import type { Ffi, NativeLibrary } from './port.ts';

export type CudaLibraries = Readonly<Record<LibraryName, NativeLibrary>>;

/** The machine this runs on. */
export const machine: Surroundings = {
  env: process.env,
  list(folder) {
    try {
      return readdirSync(folder);
    } catch {
      return [];
    }
  },
};

const fixes: Record<LibraryName, string> = {
  driver: 'Install the NVIDIA driver, or use another backend.',
  nvrtc: "Install NVRTC (for example 'pip install nvidia-cuda-nvrtc-cu12') and name its folder in GLID_CUDA_LIBS.",
  cublasLt: "Install cuBLAS (for example 'pip install nvidia-cublas-cu12') and name its folder in GLID_CUDA_LIBS.",
};

/**
 * Opens the three libraries. `given`: files or folders to look at first.
 * Throws `GLID_BACKEND_UNAVAILABLE` with every place that was tried for the missing one, and why it would not do.
 */
export function findLibraries(ffi: Ffi, given: readonly string[], around: Surroundings = machine): CudaLibraries {
  const find = (library: LibraryName): NativeLibrary => findLibrary(ffi, library, given, around);
  return { driver: find('driver'), nvrtc: find('nvrtc'), cublasLt: find('cublasLt') };
}

/** Opens one of them. */
export function findLibrary(
  ffi: Ffi,
  library: LibraryName,
  given: readonly string[],
  around: Surroundings,
): NativeLibrary {
  const { stem, probe } = libraryFacts[library];
  const tried: string[] = [];
  for (const place of libraryPlaces(library, given, around)) {
    if (isAbsolute(place) && around.list === machine.list && !existsSync(place)) {
      tried.push(`${place}: no such file`);
      continue;
    }
    try {
      if (library === 'nvrtc') preloadBuiltins(ffi, place, around);
      const opened = ffi.open(place);
      if (opened.bind(probe, []) !== undefined) return opened;
      tried.push(`${place}: has no ${probe}`);
    } catch (error) {
      tried.push(`${place}: ${(error as Error).message.split('\n')[0]}`);
    }
  }
  throw new GlidError('GLID_BACKEND_UNAVAILABLE', `${stem} was not found. Tried:\n  ${tried.join('\n  ')}\n`, {
    fix: fixes[library],
    details: { library, tried },
  });
}

/** NVRTC opens a second library by its bare name, which is only found once it is loaded. */
function preloadBuiltins(ffi: Ffi, nvrtc: string, around: Surroundings): void {
  if (!isAbsolute(nvrtc) || !basename(nvrtc).startsWith('libnvrtc')) return;
  const folder = dirname(nvrtc);
  for (const name of around.list(folder)) if (name.startsWith('libnvrtc-builtins.so.')) ffi.open(join(folder, name));
}
