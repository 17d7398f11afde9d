import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Compiled kernels on disk, by the hash of source, architecture and compiler version. */
export class CodeCache {
  readonly #folder: string | undefined;

  /** @param folder `undefined` keeps nothing. */
  constructor(folder: string | undefined) {
    this.#folder = folder;
  }

  fetch(source: string, architecture: string, compiler: string, compile: () => Uint8Array): Uint8Array {
    if (this.#folder === undefined) return compile();
    const hash = createHash('sha256')
      .update(JSON.stringify([compiler, architecture, source]))
      .digest('hex');
    const file = join(this.#folder, `${hash}.cubin`);
    try {
      return readFileSync(file);
    } catch {
      const code = compile();
      this.#store(file, code);
      return code;
    }
  }

  /** A folder that cannot be written costs a compilation the next time, no more. */
  #store(file: string, code: Uint8Array): void {
    try {
      mkdirSync(this.#folder!, { recursive: true });
      const own = `${file}.${process.pid}`;
      writeFileSync(own, code);
      // Another process sees the whole file or none.
      renameSync(own, file);
    } catch {}
  }
}

/** `GLID_CUDA_CACHE`, else the user's cache folder. */
export function defaultCacheFolder(): string {
  const { GLID_CUDA_CACHE, XDG_CACHE_HOME } = process.env;
  return GLID_CUDA_CACHE || join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'glid', 'cuda');
}
