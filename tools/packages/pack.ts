import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

export interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly bin?: Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly imports?: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** A published package as `npm pack` makes it, unpacked. */
export interface PackedPackage {
  readonly name: string;
  readonly tarball: string;
  readonly folder: string;
  readonly manifest: Manifest;
  /** Paths inside the package. */
  readonly files: readonly string[];
}

export function publishedFolders(root: string): string[] {
  return readdirSync(join(root, 'packages'))
    .map((name) => join(root, 'packages', name))
    .filter((folder) => {
      const path = join(folder, 'package.json');
      return existsSync(path) && !(JSON.parse(readFileSync(path, 'utf8')) as Manifest).private;
    });
}

/** Packs every published package and lays the tarballs out as an installation that sees declared dependencies only. */
export function packAll(root: string): Map<string, PackedPackage> {
  const work = mkdtempSync(join(tmpdir(), 'glid-packed-'));
  const tarballs = join(work, 'tarballs');
  mkdirSync(tarballs);
  const packed = new Map<string, PackedPackage>();
  for (const source of publishedFolders(root)) {
    const output = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', tarballs], {
      cwd: source,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [entry] = JSON.parse(output) as [{ name: string; filename: string; files: { path: string }[] }];
    const tarball = join(tarballs, entry.filename.replace('@', '').replace('/', '-'));
    const folder = join(work, 'installed', entry.name);
    mkdirSync(folder, { recursive: true });
    execFileSync('tar', ['-xzf', tarball, '-C', folder, '--strip-components=1']);
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
    packed.set(entry.name, {
      name: entry.name,
      tarball,
      folder,
      manifest,
      files: entry.files.map((file) => file.path),
    });
  }
  for (const { folder, manifest } of packed.values()) {
    for (const name of Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })) {
      link(packed.get(name)?.folder ?? join(root, 'node_modules', name), join(folder, 'node_modules', name));
    }
  }
  return packed;
}

/** An empty project that can import exactly the named packages. */
export function consumerProject(
  root: string,
  packed: ReadonlyMap<string, PackedPackage>,
  names: readonly string[],
): string {
  const folder = mkdtempSync(join(tmpdir(), 'glid-consumer-'));
  for (const name of names) {
    link(packed.get(name)?.folder ?? join(root, 'node_modules', name), join(folder, 'node_modules', name));
  }
  return folder;
}

function link(target: string, path: string): void {
  if (!existsSync(target)) return;
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(resolve(target), path, 'dir');
}
