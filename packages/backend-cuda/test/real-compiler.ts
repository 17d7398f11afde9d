import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { promisify } from 'node:util';
import { nvrtcTable } from '../src/driver/nvrtc.ts';
import { bindTable } from '../src/ffi/bind.ts';
import { machine, preloadBuiltins } from '../src/ffi/find-libraries.ts';
import { loadKoffi } from '../src/ffi/koffi.ts';
import { libraryPlaces } from '../src/ffi/library-places.ts';
import type { NativeLibrary } from '../src/ffi/port.ts';

/** What NVIDIA's compiler says about kernels: errors and warnings, empty where it has none. */
export interface RealCompiler {
  readonly name: string;
  compile(sources: ReadonlyMap<string, string>, architecture: string): Promise<string[]>;
}

/** NVRTC where the backend's own search finds it, else the nvcc that the variable NVCC names. No GPU is needed. */
export async function findRealCompiler(): Promise<RealCompiler | undefined> {
  const nvrtc = await findNvrtc();
  if (nvrtc !== undefined) return withNvrtc(nvrtc);
  return process.env.NVCC ? withNvcc(process.env.NVCC) : undefined;
}

async function findNvrtc(): Promise<NativeLibrary | undefined> {
  const ffi = await loadKoffi();
  for (const place of libraryPlaces('nvrtc', [], machine)) {
    try {
      if (isAbsolute(place)) preloadBuiltins(ffi, place, machine);
      const library = ffi.open(place);
      const simulated = library.bind('cudasimReset', []) !== undefined;
      if (!simulated && library.bind('nvrtcVersion', []) !== undefined) return library;
    } catch {
      // Not there.
    }
  }
  return undefined;
}

function withNvrtc(library: NativeLibrary): RealCompiler {
  const nvrtc = bindTable(library, nvrtcTable);
  const out = new BigUint64Array(1);
  const logOf = (handle: number): string => {
    nvrtc.nvrtcGetProgramLogSize(handle, out);
    const bytes = new Uint8Array(Number(out[0]));
    nvrtc.nvrtcGetProgramLog(handle, bytes);
    return new TextDecoder().decode(bytes).replace(/\0.*$/s, '').trim();
  };
  return {
    name: `NVRTC (${library.path})`,
    async compile(sources, architecture) {
      const options = [`--gpu-architecture=${architecture}`, '--std=c++17', '-default-device'];
      const said: string[] = [];
      for (const [key, source] of sources) {
        nvrtc.nvrtcCreateProgram(out, source, 'kernel.cu', 0, 0, 0);
        const handle = Number(out[0]);
        const code = nvrtc.nvrtcCompileProgram(handle, options.length, options);
        const log = logOf(handle);
        if (code !== 0 || log !== '') said.push(`${key}: ${log || `nvrtcResult ${code}`}`);
        out[0] = BigInt(handle);
        nvrtc.nvrtcDestroyProgram(out);
      }
      return said;
    },
  };
}

/** All kernels in one file, each in a namespace of its own. */
function withNvcc(nvcc: string): RealCompiler {
  return {
    name: `nvcc (${nvcc})`,
    async compile(sources, architecture) {
      const folder = await mkdtemp(join(tmpdir(), 'glid-nvcc-'));
      try {
        const file = join(folder, 'kernels.cu');
        const parts = [...sources.values()].map((source, i) => {
          return `#line 1 "${i}"\nnamespace n${i} {\n${source.replace('extern "C" __global__', '__global__')}\n}\n`;
        });
        await writeFile(file, parts.join(''));
        const flags = [
          '-std=c++17',
          `-arch=${architecture}`,
          '-Werror',
          'all-warnings',
          '-cubin',
          '-o',
          `${file}.cubin`,
        ];
        const failed = await promisify(execFile)(nvcc, [...flags, file], { maxBuffer: 2 ** 26 }).then(
          ({ stderr }) => stderr,
          (error: { stderr: string }) => error.stderr || String(error),
        );
        const keys = [...sources.keys()];
        return failed.split('\n').flatMap((line) => {
          const found = /^"?(\d+)"?[(:]/.exec(line);
          return found ? [`${keys[Number(found[1])]}: ${line}`] : line.trim() === '' ? [] : [line];
        });
      } finally {
        await rm(folder, { recursive: true });
      }
    },
  };
}
