import { GlidError } from '@glid/base';
import { nvrtcTable } from '../driver/nvrtc.ts';
import { bindTable } from '../ffi/bind.ts';
import type { Functions, NativeLibrary } from '../ffi/port.ts';

/** `NVRTC_ERROR_BUILTIN_OPERATION_FAILURE` */
const builtinsMissing = 7;

/** NVRTC: CUDA C to machine code of one architecture. */
export class Compiler {
  readonly version: string;
  readonly #library: string;
  readonly #nvrtc: Functions<typeof nvrtcTable>;
  readonly #out = new BigUint64Array(1);

  constructor(library: NativeLibrary) {
    this.#library = library.path;
    this.#nvrtc = bindTable(library, nvrtcTable);
    const [major, minor] = [new Int32Array(1), new Int32Array(1)];
    this.#check(this.#nvrtc.nvrtcVersion(major, minor), 'nvrtcVersion');
    this.version = `${major[0]}.${minor[0]}`;
  }

  /** `architecture`: `sm_90`. Throws `GLID_DEVICE_ERROR` with the compiler's log. */
  compile(key: string, source: string, architecture: string): Uint8Array {
    const nvrtc = this.#nvrtc;
    const name = `${key.replace(/[^\w]+/g, '_')}.cu`;
    this.#check(nvrtc.nvrtcCreateProgram(this.#out, source, name, 0, 0, 0), 'nvrtcCreateProgram');
    const handle = Number(this.#out[0]);
    try {
      const options = [`--gpu-architecture=${architecture}`, '--std=c++17', '-default-device'];
      const code = nvrtc.nvrtcCompileProgram(handle, options.length, options);
      if (code !== 0) this.#refuse(key, code, this.#read(handle, 'nvrtcGetProgramLogSize', 'nvrtcGetProgramLog'));
      return this.#read(handle, 'nvrtcGetCUBINSize', 'nvrtcGetCUBIN');
    } finally {
      this.#out[0] = BigInt(handle);
      nvrtc.nvrtcDestroyProgram(this.#out);
    }
  }

  #read(handle: number, size: keyof typeof nvrtcTable, read: keyof typeof nvrtcTable): Uint8Array {
    this.#check(this.#nvrtc[size](handle, this.#out), size);
    const bytes = new Uint8Array(Number(this.#out[0]));
    this.#check(this.#nvrtc[read](handle, bytes), read);
    return bytes;
  }

  #refuse(key: string, code: number, log: Uint8Array): never {
    const text = new TextDecoder().decode(log).replace(/\0.*$/s, '').trim();
    throw new GlidError(
      'GLID_DEVICE_ERROR',
      `NVRTC ${this.version} (${this.#library}) refuses the kernel ${key} (${code}):\n${text}\n`,
      {
        fix:
          code === builtinsMissing
            ? 'Put libnvrtc-builtins of the same version beside libnvrtc.'
            : 'Report it with this message, or install another version of NVRTC (12 or later).',
        details: { key, code, log: text, library: this.#library },
      },
    );
  }

  #check(code: number, call: string): void {
    if (code === 0) return;
    throw new GlidError('GLID_DEVICE_ERROR', `${call} failed with nvrtcResult ${code}; NVRTC is ${this.#library}.`, {
      fix: 'Check that libnvrtc and libnvrtc-builtins are of one version.',
      details: { call, code, library: this.#library },
    });
  }
}
