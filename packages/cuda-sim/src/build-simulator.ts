import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { findCompiler } from './find-compiler.ts';

const native = fileURLToPath(new URL('../native', import.meta.url));
const cache = fileURLToPath(new URL('../.cache', import.meta.url));

/** Compiles `native/` where its sources changed, and gives the path of the library. Compiled kernels are kept beside it. */
export async function buildSimulator(): Promise<string> {
  const compiler = findCompiler();
  if (compiler === undefined)
    throw new Error('The CUDA simulator needs g++: install it, or name another in CUDASIM_CXX.');
  const files = (await readdir(native)).sort();
  const sources = files.filter((name) => name.endsWith('.cpp')).map((name) => join(native, name));
  const flags = ['-std=c++17', '-O3', '-Wall', '-Wextra', '-Werror', '-shared', '-fPIC', '-fvisibility=hidden'];
  const folders = [`-DCUDASIM_NATIVE_FOLDER="${native}"`, `-DCUDASIM_CACHE_FOLDER="${join(cache, 'kernels')}"`];
  const hash = createHash('sha256').update(JSON.stringify([compiler, flags, folders]));
  for (const name of files) hash.update(await readFile(join(native, name)));
  const library = join(cache, `libcudasim-${hash.digest('hex').slice(0, 16)}.so`);
  if (existsSync(library)) return library;
  await mkdir(cache, { recursive: true });
  // Several test processes may build at once: each writes a file of its own, the last rename wins.
  const own = `${library}.${process.pid}`;
  await promisify(execFile)(compiler, [...flags, ...folders, ...sources, '-o', own, '-ldl']);
  await rename(own, library);
  return library;
}
