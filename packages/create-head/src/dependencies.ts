import manifest from '../package.json' with { type: 'json' };
import { type KindName, kinds } from './kinds.ts';

type Versions = Readonly<Record<string, string>>;

/** Every version that a new package asks for is this package's own development dependency: the templates are type-checked with them. */
const versions: Versions = manifest.devDependencies;

/** The one release of the engine that GLID works with. */
export const tfjsVersion: string = range('@tensorflow/tfjs-core');

const tools = [
  '@glid/backend-wasm',
  '@glid/core',
  '@glid/data',
  '@tensorflow/tfjs-backend-cpu',
  '@tensorflow/tfjs-core',
  '@types/node',
  'tsx',
  'typescript',
  'vitest',
];

/** The dependency tables of a new package. The engine is a peer, so that an application has one copy of it. */
export function dependencyTables(kind: KindName): {
  readonly dependencies: Versions;
  readonly peerDependencies: Versions;
  readonly devDependencies: Versions;
} {
  return {
    dependencies: table(['@glid/head-kit', ...kinds[kind].imports]),
    peerDependencies: table(['@tensorflow/tfjs-core']),
    devDependencies: table(tools),
  };
}

function table(names: readonly string[]): Versions {
  return Object.fromEntries([...names].sort().map((name) => [name, range(name)]));
}

/** Releases of GLID that keep the promises of the one the template was written for; all else exactly. */
function range(name: string): string {
  const version = versions[name]!;
  return name.startsWith('@glid/') ? `^${version}` : version;
}
