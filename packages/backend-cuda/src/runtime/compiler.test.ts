import { expect, it } from 'vitest';
import type { NativeArgument, NativeLibrary } from '../ffi/port.ts';
import { Compiler } from './compiler.ts';

/** An NVRTC that answers every compilation with `result`. */
const nvrtc = (result: number): NativeLibrary => ({
  path: '/lib/libnvrtc.so.13',
  bind: (name) => {
    if (name === 'nvrtcCompileProgram') return () => result;
    if (name === 'nvrtcVersion') {
      return (major: NativeArgument) => {
        (major as Int32Array)[0] = 13;
        return 0;
      };
    }
    return () => 0;
  },
});

it('says that the library beside NVRTC is missing, and where NVRTC is', () => {
  const compile = (): Uint8Array => new Compiler(nvrtc(7)).compile('sum', '', 'sm_90');
  expect(compile).toThrow(/NVRTC 13\.0 \(\/lib\/libnvrtc\.so\.13\) refuses the kernel sum .*libnvrtc-builtins/s);
});

it('refuses a library that lacks functions, by name', () => {
  const poor: NativeLibrary = {
    path: '/lib/libnvrtc.so.9',
    bind: (name) => (/CUBIN/.test(name) ? undefined : () => 0),
  };
  expect(() => new Compiler(poor)).toThrow(/libnvrtc\.so\.9 lacks nvrtcGetCUBINSize, nvrtcGetCUBIN/);
});
