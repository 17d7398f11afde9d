import { Compiler } from '../src/runtime/compiler.ts';

/** The text of every kernel that is compiled from now on in this process, by key. */
export function recordSources(): ReadonlyMap<string, string> {
  const sources = new Map<string, string>();
  const compile = Compiler.prototype.compile;
  Compiler.prototype.compile = function (key, source, architecture) {
    sources.set(key, source);
    return compile.call(this, key, source, architecture);
  };
  return sources;
}
