import { join } from 'node:path';

export type LibraryName = 'driver' | 'nvrtc' | 'cublasLt';

/** What the search looks at; tests put another in its place. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Names in a folder, empty where it does not exist. */
  list(folder: string): readonly string[];
}

interface LibraryFacts {
  /** Stem of the file: `<stem>.so`, `<stem>.so.13`, … */
  readonly stem: string;
  /** Names for the system's loader, newest first. */
  readonly names: readonly string[];
  /** A function that tells the library from another. */
  readonly probe: string;
}

export const libraryFacts: Readonly<Record<LibraryName, LibraryFacts>> = {
  driver: { stem: 'libcuda', names: ['libcuda.so.1', 'libcuda.so'], probe: 'cuInit' },
  nvrtc: {
    stem: 'libnvrtc',
    names: ['libnvrtc.so.13', 'libnvrtc.so.12', 'libnvrtc.so'],
    probe: 'nvrtcVersion',
  },
  cublasLt: {
    stem: 'libcublasLt',
    names: ['libcublasLt.so.13', 'libcublasLt.so.12', 'libcublasLt.so'],
    probe: 'cublasLtCreate',
  },
};

/**
 * Paths and names to try, in this order: given ones, `GLID_CUDA_LIBS`, the system's, toolkit folders, Python wheels. A folder without the library
 * stands for the file that it lacks, so that the search can tell where it was.
 */
export function libraryPlaces(library: LibraryName, given: readonly string[], around: Surroundings): string[] {
  const { stem, names } = libraryFacts[library];
  const fromFolder = (folder: string): string[] => {
    const files = around
      .list(folder)
      .filter((name) => name === `${stem}.so` || name.startsWith(`${stem}.so.`))
      .sort((a, b) => b.localeCompare(a, 'en', { numeric: true }));
    return (files.length > 0 ? files : [`${stem}.so`]).map((name) => join(folder, name));
  };
  const named = [...given, ...(around.env.GLID_CUDA_LIBS ?? '').split(':')].filter((place) => place !== '');
  return [
    ...named.flatMap((place) => (/\.so(\.\d+)*$/.test(place) ? [place] : fromFolder(place))),
    ...names,
    ...[...toolkitFolders(around), ...wheelFolders(around)].flatMap(fromFolder),
  ];
}

function toolkitFolders({ env, list }: Surroundings): string[] {
  const numbered = list('/usr/local').filter((name) => /^cuda-\d/.test(name));
  numbered.sort((a, b) => b.localeCompare(a, 'en', { numeric: true }));
  const roots = [env.CUDA_HOME, env.CUDA_PATH, '/usr/local/cuda', ...numbered.map((name) => `/usr/local/${name}`)];
  return [
    ...roots.flatMap((root) => (root ? [join(root, 'lib64'), join(root, 'targets/x86_64-linux/lib')] : [])),
    '/usr/lib/x86_64-linux-gnu',
    '/usr/lib/wsl/lib',
  ];
}

/** `site-packages/nvidia/<package>/lib` of every Python in sight: what PyTorch brings along. */
function wheelFolders({ env, list }: Surroundings): string[] {
  const home = env.HOME === undefined ? [] : [join(env.HOME, '.local/lib')];
  const prefixes = [env.VIRTUAL_ENV, env.CONDA_PREFIX].flatMap((prefix) => (prefix ? [join(prefix, 'lib')] : []));
  const parents = [...prefixes, ...home, '/usr/local/lib', '/usr/lib', '/opt/conda/lib'];
  return parents.flatMap((parent) =>
    list(parent)
      .filter((name) => /^python3/.test(name))
      .flatMap((python) => ['site-packages', 'dist-packages'].map((kind) => join(parent, python, kind, 'nvidia')))
      .flatMap((nvidia) => list(nvidia).map((wheel) => join(nvidia, wheel, 'lib'))),
  );
}
