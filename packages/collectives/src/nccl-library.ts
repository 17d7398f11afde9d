import { existsSync, readdirSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { GlidError } from '@glid/base';
import { loadKoffi } from './koffi.ts';

/** Parameters of the C functions: 8-byte words, 4-byte integers, the 128-byte id by value. */
export const ncclTable = {
  ncclGetVersion: ['pointer'],
  ncclGetUniqueId: ['pointer'],
  ncclCommInitRank: ['pointer', 'int', 'id', 'int'],
  ncclCommDestroy: ['word'],
  ncclAllReduce: ['word', 'word', 'word', 'int', 'int', 'word', 'word'],
  ncclBroadcast: ['word', 'word', 'word', 'int', 'int', 'word', 'word'],
} as const;
/** Those that return a C string. */
export const ncclTexts = { ncclGetErrorString: ['int'], ncclGetLastError: ['word'] } as const;

/** `ncclDataType_t` and `ncclRedOp_t`. */
export const ncclFloat32 = 7;
export const ncclSum = 0;
export const uniqueIdBytes = 128;

type Argument = number | bigint | ArrayBufferView | object;
type Names = keyof typeof ncclTable;
export type Nccl = { readonly [K in Names]: (...args: Argument[]) => number } & {
  readonly [K in keyof typeof ncclTexts]: (argument: number) => string;
} & { readonly path: string };

/** What the search looks at; tests put another in its place. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Names in a folder, empty where it does not exist. */
  list(folder: string): readonly string[];
}

const machine: Surroundings = {
  env: process.env,
  list(folder) {
    try {
      return readdirSync(folder);
    } catch {
      return [];
    }
  },
};

/**
 * Paths and names to try: given ones, `GLID_CUDA_LIBS`, the system's, toolkit folders, Python wheels. A folder without NCCL stands for the file
 * that it lacks.
 */
export function ncclPlaces(given: readonly string[], { env, list }: Surroundings): string[] {
  const inFolder = (folder: string): string[] => {
    const files = list(folder)
      .filter((name) => /^libnccl\.so(\.\d+)*$/.test(name))
      .sort((a, b) => b.localeCompare(a, 'en', { numeric: true }));
    return (files.length > 0 ? files : ['libnccl.so']).map((name) => join(folder, name));
  };
  const named = [...given, ...(env.GLID_CUDA_LIBS ?? '').split(':')].filter((place) => place !== '');
  const toolkits = [env.CUDA_HOME, env.CUDA_PATH, '/usr/local/cuda'].flatMap((root) =>
    root ? [join(root, 'lib64')] : [],
  );
  const prefixes = [env.VIRTUAL_ENV, env.CONDA_PREFIX].flatMap((prefix) => (prefix ? [join(prefix, 'lib')] : []));
  const home = env.HOME === undefined ? [] : [join(env.HOME, '.local/lib')];
  const wheels = [...prefixes, ...home, '/usr/local/lib', '/usr/lib', '/opt/conda/lib'].flatMap((parent) =>
    list(parent)
      .filter((name) => name.startsWith('python3'))
      .flatMap((python) =>
        ['site-packages', 'dist-packages'].map((kind) => join(parent, python, kind, 'nvidia/nccl/lib')),
      ),
  );
  return [
    ...named.flatMap((place) => (/\.so(\.\d+)*$/.test(place) ? [place] : inFolder(place))),
    ...['libnccl.so.2', 'libnccl.so'],
    ...[...toolkits, '/usr/lib/x86_64-linux-gnu', ...wheels].flatMap(inFolder),
  ];
}

/**
 * Opens NCCL.
 * @throws GLID_BACKEND_UNAVAILABLE with every place that was tried and why it would not do
 */
export async function openNccl(given: readonly string[] = [], around: Surroundings = machine): Promise<Nccl> {
  const koffi = await loadKoffi('NCCL');
  const tried: string[] = [];
  for (const place of ncclPlaces(given, around)) {
    if (isAbsolute(place) && !existsSync(place)) {
      tried.push(`${place}: no such file`);
      continue;
    }
    try {
      return bind(koffi, place);
    } catch (error) {
      tried.push(`${place}: ${(error as Error).message.split('\n')[0]}`);
    }
  }
  throw new GlidError('GLID_BACKEND_UNAVAILABLE', `libnccl was not found. Tried:\n  ${tried.join('\n  ')}\n`, {
    fix: "Install NCCL (for example 'pip install nvidia-nccl-cu12') and name its folder in GLID_CUDA_LIBS, or use mpi() alone.",
    details: { tried },
  });
}

function bind(koffi: typeof import('koffi'), place: string): Nccl {
  const library = koffi.load(place);
  const id = koffi.struct({ internal: koffi.array('uint8_t', uniqueIdBytes, 'Typed') });
  const types = { pointer: 'void *', int: 'int', word: 'uint64_t', id };
  const functions: Record<string, unknown> = { path: place };
  for (const [name, parameters] of Object.entries(ncclTable)) {
    functions[name] = library.func(
      name,
      'int',
      parameters.map((type) => types[type]),
    );
  }
  for (const [name, parameters] of Object.entries(ncclTexts)) {
    functions[name] = library.func(
      name,
      'const char *',
      parameters.map((type) => types[type]),
    );
  }
  return functions as unknown as Nccl;
}
