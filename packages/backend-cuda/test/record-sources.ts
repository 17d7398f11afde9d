import { Compiler } from '../src/runtime/compiler.ts';
import type { KernelSource } from './kernel-sources.ts';

/** Hands every kernel that is compiled from now on in this process to `keep`. */
export function recordSources(keep: (source: KernelSource) => void): void {
  const compile = Compiler.prototype.compile;
  Compiler.prototype.compile = function (key, text, architecture) {
    keep({ key, text });
    return compile.call(this, key, text, architecture);
  };
}
