import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { KernelSource } from '../kernel-sources.ts';

const run = promisify(execFile);

/** The nvcc that NVCC names, or that is on the PATH: its name, or `undefined` where it does not run. */
export async function findNvcc(): Promise<string | undefined> {
  const nvcc = process.env.NVCC || 'nvcc';
  return run(nvcc, ['--version']).then(
    () => nvcc,
    () => undefined,
  );
}

/** Errors and warnings for one architecture, each with its kernel's key; empty where there are none. All kernels go in one file. */
export async function compileWithNvcc(
  nvcc: string,
  sources: readonly KernelSource[],
  architecture: string,
): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'glid-nvcc-'));
  try {
    const file = join(folder, 'kernels.cu');
    await writeFile(file, sources.map(asPart).join(''));
    const flags = ['-std=c++17', `-arch=${architecture}`, '-Werror', 'all-warnings', '-cubin', '-o', `${file}.cubin`];
    const said = await run(nvcc, [...flags, file], { maxBuffer: 2 ** 26 }).then(
      ({ stderr }) => stderr,
      (error: { stderr: string }) => error.stderr || String(error),
    );
    return said.split('\n').flatMap((line) => {
      const part = /^"?(\d+)"?[(:]/.exec(line);
      return part ? [`${sources[Number(part[1])]!.key}: ${line}`] : line.trim() === '' ? [] : [line];
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** A kernel in a namespace of its own, numbered in messages; its macros end with it. */
function asPart({ text }: KernelSource, i: number): string {
  const body = text.replace('extern "C" __global__', '__global__');
  const macros = [...text.matchAll(/^\s*#define (\w+)/gm)].map(([, name]) => `#undef ${name}\n`);
  return `#line 1 "${i}"\nnamespace n${i} {\n${body}\n}\n${macros.join('')}`;
}
