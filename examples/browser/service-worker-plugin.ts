import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import type { Plugin } from 'vite';

/** Writes `service-worker.js` beside the built page: it keeps every file of the build, so that the page works without a network. */
export function serviceWorker(): Plugin {
  let folder = '';
  return {
    name: 'service-worker',
    apply: 'build',
    configResolved: ({ root, build }) => {
      folder = resolve(root, build.outDir);
    },
    async closeBundle() {
      const files = (await readdir(folder, { recursive: true, withFileTypes: true }))
        .filter((entry) => entry.isFile() && entry.name !== 'service-worker.js')
        .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
        .sort();
      const hash = createHash('sha256');
      for (const file of files) hash.update(file).update(await readFile(join(folder, file)));
      const paths = ['./', ...files.filter((file) => file !== 'index.html').map((file) => `./${file}`)];
      await writeFile(join(folder, 'service-worker.js'), source(hash.digest('hex').slice(0, 16), paths));
    },
  };
}

/** Answers from the build's own cache first; a new build has a new cache and takes over when its files are there. */
function source(version: string, paths: readonly string[]): string {
  return `const name = 'glid-page-${version}';
const paths = ${JSON.stringify(paths)};
self.addEventListener('install', (event) => {
  event.waitUntil(caches.open(name).then((cache) => cache.addAll(paths)).then(() => self.skipWaiting()));
});
self.addEventListener('activate', (event) => {
  const old = (all) => all.filter((key) => key.startsWith('glid-page-') && key !== name);
  event.waitUntil(caches.keys().then((all) => Promise.all(old(all).map((key) => caches.delete(key)))).then(() => self.clients.claim()));
});
self.addEventListener('fetch', (event) => {
  if (event.request.method !== 'GET' || new URL(event.request.url).origin !== self.location.origin) return;
  const find = () => caches.open(name).then((cache) => cache.match(event.request, { ignoreSearch: event.request.mode === 'navigate' }));
  event.respondWith(find().then((kept) => kept ?? fetch(event.request)));
});
`;
}
