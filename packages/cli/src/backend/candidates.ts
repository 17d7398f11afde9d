import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type FoundPackage, findPackage } from '../packages/find-package.ts';

/** A backend value, as every `@glid/backend-*` makes them. */
interface Candidate {
  readonly name: string;
  probe(): Promise<{ readonly ok: true } | { readonly ok: false; readonly reason: string }>;
  create(): Promise<never>;
}

/** In order of preference. */
const packages = { cuda: '@glid/backend-cuda', webgpu: '@glid/backend-webgpu', wasm: '@glid/backend-wasm' } as const;

export const backendNames = ['auto', 'cuda', 'webgpu', 'wasm'] as const;
export type BackendName = (typeof backendNames)[number];

/** What to hand to `useBackend`: one backend by name, or all that there are. A package that is absent becomes a reason. */
export function backendCandidates(name: BackendName): readonly Candidate[] {
  const names = name === 'auto' ? (Object.keys(packages) as (keyof typeof packages)[]) : [name];
  return names.map((each) => lazy(each, packages[each]));
}

function lazy(name: keyof typeof packages, packageName: string): Candidate {
  const found = findPackage(packageName);
  let made: Candidate | undefined;
  const load = async (place: FoundPackage): Promise<Candidate> => {
    made ??= ((await import(place.url)) as { [factory: string]: () => Candidate })[name]!();
    return made;
  };
  return {
    name,
    async probe() {
      if (!found) return { ok: false, reason: `${packageName} is not installed` };
      if (!existsSync(fileURLToPath(found.url))) {
        return { ok: false, reason: `${packageName} is here, but its main file is not: build it (npm run build)` };
      }
      return (await load(found)).probe();
    },
    create: async () => (await load(found!)).create(),
  };
}
