import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PackedPackage } from './pack.ts';

export interface Registry {
  readonly url: string;
  close(): Promise<void>;
}

/** A version of a package: its manifest, and how its tarball comes about. */
interface Release {
  readonly manifest: { readonly name: string; readonly version: string };
  readonly tarball: () => string;
}

/**
 * A registry on 127.0.0.1 for real `npm install`s without a network: ours as packed, and of everyone else's exactly what this checkout has
 * installed, put into tarballs again when asked for. What it does not know is 404, so nothing can come from elsewhere.
 */
export async function startRegistry(root: string, packed: Iterable<PackedPackage>): Promise<Registry> {
  const releases = new Map<string, Map<string, Release>>();
  const add = (release: Release): void => {
    const { name, version } = release.manifest;
    releases.set(name, (releases.get(name) ?? new Map()).set(version, release));
  };
  for (const release of installedReleases(root)) add(release);
  for (const { manifest, tarball } of packed)
    add({ manifest: manifest as Release['manifest'], tarball: () => tarball });

  const server = createServer((request, response) => {
    const [name = '', version] = decodeURIComponent(request.url ?? '/')
      .slice(1)
      .split('/-/');
    const versions = releases.get(name);
    if (!versions) return void response.writeHead(404).end('{}');
    if (version === undefined) return send(response, packument(name, versions, `http://${request.headers.host}`));
    const release = versions.get(version.replace(/\.tgz$/, ''));
    if (!release) return void response.writeHead(404).end('{}');
    response.writeHead(200, { 'content-type': 'application/octet-stream' });
    response.end(readFileSync(release.tarball()));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () => new Promise((done) => server.close(() => done())),
  };
}

function packument(name: string, versions: ReadonlyMap<string, Release>, host: string): object {
  const all = [...versions.values()].map(({ manifest }) => ({
    ...manifest,
    dist: { tarball: `${host}/${name}/-/${manifest.version}.tgz` },
  }));
  return {
    name,
    'dist-tags': { latest: all.at(-1)!.version },
    versions: Object.fromEntries(all.map((manifest) => [manifest.version, manifest])),
  };
}

function send(response: ServerResponse, body: object): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

/** Everything in this checkout's node_modules, nested copies too; the newest version of a name comes last. */
function installedReleases(root: string): Release[] {
  const work = mkdtempSync(join(tmpdir(), 'glid-registry-'));
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as { packages: object };
  return Object.keys(lock.packages)
    .filter((path) => path.includes('node_modules/') && existsSync(join(root, path, 'package.json')))
    .map((path) => ({ folder: join(root, path), manifest: readManifest(join(root, path)) }))
    .sort((a, b) => a.manifest.version.localeCompare(b.manifest.version, 'en', { numeric: true }))
    .map(({ folder, manifest }) => ({ manifest, tarball: () => archive(folder, manifest, work) }));
}

function readManifest(folder: string): Release['manifest'] {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Release['manifest'];
}

/** Not compressed: npm takes both, and nothing travels far here. */
function archive(folder: string, { name, version }: Release['manifest'], work: string): string {
  const place = join(work, `${name.replace('/', '+')}-${version}`);
  const tarball = join(place, 'package.tar');
  if (existsSync(tarball)) return tarball;
  mkdirSync(place, { recursive: true });
  symlinkSync(folder, join(place, 'package'), 'dir');
  execFileSync('tar', ['-chf', tarball, '--exclude', 'package/node_modules', '-C', place, 'package']);
  return tarball;
}
