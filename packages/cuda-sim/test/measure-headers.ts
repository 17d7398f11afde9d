import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findCompiler } from '../src/index.ts';

const run = promisify(execFile);
const headers = { cu: 'cuda.h', nvrtc: 'nvrtc.h', cublasLt: 'cublasLt.h', nccl: 'nccl.h' } as const;

/** Folders in which NVIDIA's headers may lie; `CUDA_INCLUDES` names more, separated by `:`. */
const folders = [...(process.env.CUDA_INCLUDES ?? '').split(':'), '/usr/local/cuda/include', '/usr/include'].filter(
  (folder) => folder !== '',
);

const headerOf = (name: string): string => {
  if (name.startsWith('cublasLt')) return headers.cublasLt;
  return name.startsWith('nvrtc') ? headers.nvrtc : name.startsWith('nccl') ? headers.nccl : headers.cu;
};

/** The functions whose header is on this machine. */
export function measurable(names: readonly string[]): string[] {
  return names.filter((name) => folders.some((folder) => existsSync(join(folder, headerOf(name)))));
}

/** Sizes of the arguments that the headers declare, measured by the C++ compiler. Nothing is linked or called. */
export async function measureHeaders(names: readonly string[]): Promise<Record<string, number[]>> {
  const folder = await mkdtemp(join(tmpdir(), 'glid-abi-'));
  try {
    const includes = [...new Set(names.map(headerOf))].map((header) => `#include <${header}>`);
    const lines = names.map((name) => `  print("${name}", Sizes<decltype(&${name})>());`);
    const text = `${includes.join('\n')}
#include <cstdio>
template <class F> struct Sizes;
template <class R, class... A> struct Sizes<R (*)(A...)> {};
template <class R, class... A> void print(const char* name, Sizes<R (*)(A...)>) {
  const size_t sizes[] = {sizeof(A)..., 0};
  std::printf("%s", name);
  for (size_t i = 0; i < sizeof...(A); i++) std::printf(" %zu", sizes[i]);
  std::puts("");
}
int main() {
${lines.join('\n')}
}
`;
    await writeFile(join(folder, 'sizes.cpp'), text);
    const program = join(folder, 'sizes');
    const places = folders.map((place) => `-I${place}`);
    await run(findCompiler()!, ['-std=c++17', '-w', ...places, join(folder, 'sizes.cpp'), '-o', program]);
    const { stdout } = await run(program, []);
    const rows = stdout
      .trim()
      .split('\n')
      .map((line) => line.split(' '));
    return Object.fromEntries(rows.map(([name, ...sizes]) => [name!, sizes.map(Number)]));
  } finally {
    await rm(folder, { recursive: true });
  }
}
