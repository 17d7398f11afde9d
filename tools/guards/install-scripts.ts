import type { Violation } from './sources.ts';

/** The part of package-lock.json (version 3) that matters here. */
export interface Lockfile {
  readonly packages: Readonly<
    Record<
      string,
      {
        readonly name?: string;
        readonly link?: boolean;
        readonly hasInstallScript?: boolean;
        readonly dependencies?: Readonly<Record<string, string>>;
        readonly peerDependencies?: Readonly<Record<string, string>>;
        readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
        readonly optionalDependencies?: Readonly<Record<string, string>>;
      }
    >
  >;
}

/** Follows the runtime tree (dependencies and required peers) of each published package and reports install scripts. */
export function checkInstallScripts(lock: Lockfile, publishedFolders: readonly string[]): Violation[] {
  const found: Violation[] = [];
  const locate = (name: string, from: string): string | undefined => {
    for (
      let folder = from;
      ;
      folder = folder.includes('/node_modules/') ? folder.slice(0, folder.lastIndexOf('/node_modules/')) : ''
    ) {
      const candidate = folder ? `${folder}/node_modules/${name}` : `node_modules/${name}`;
      if (lock.packages[candidate]) return candidate;
      if (!folder) return undefined;
    }
  };
  for (const folder of publishedFolders) {
    const seen = new Set<string>();
    const visit = (key: string, trail: readonly string[]): void => {
      if (seen.has(key)) return;
      seen.add(key);
      const entry = lock.packages[key];
      if (!entry) return;
      if (entry.hasInstallScript) {
        found.push({
          path: 'package-lock.json',
          line: 1,
          message: `install script in the runtime tree: ${trail.join(' > ')}`,
        });
      }
      const peers = Object.keys(entry.peerDependencies ?? {}).filter((n) => !entry.peerDependenciesMeta?.[n]?.optional);
      for (const name of [...Object.keys(entry.dependencies ?? {}), ...peers]) {
        const target = locate(name, key);
        if (target) visit(target, [...trail, name]);
      }
    };
    visit(folder, [folder]);
  }
  return found;
}
