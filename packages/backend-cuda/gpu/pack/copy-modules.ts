import { execFileSync } from 'node:child_process';
import { cp, mkdir, readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);
const packageFolder = (name: string): string => {
  let folder = dirname(require.resolve(name));
  while (!folder.endsWith(join('node_modules', name))) folder = dirname(folder);
  return folder;
};

/** koffi without its sources and documents, with its library for this platform. */
async function copyKoffi(modules: string): Promise<void> {
  const from = packageFolder('koffi');
  const to = join(modules, 'koffi');
  const files = (await readdir(from, { recursive: true, encoding: 'utf8' })).filter(
    (name) =>
      /^(package\.json|LICENSE\.txt|(index|indirect)\.\w+)$/.test(name) || /^(lib|src\/koffi)\/.*\.c?js$/.test(name),
  );
  for (const name of files) await cp(join(from, name), join(to, name));
  const library = `@koromix/koffi-linux-${process.arch}`;
  await cp(join(dirname(from), library), join(modules, library), { recursive: true });
}

/** Dawn for this platform, without symbols. */
async function copyDawn(modules: string): Promise<void> {
  const from = packageFolder('webgpu');
  const to = join(modules, 'webgpu');
  for (const name of ['package.json', 'index.js', 'LICENSE.md']) await cp(join(from, name), join(to, name));
  const file = join('dist', `linux-${process.arch}`, 'dawn.node');
  const [source, target] = [join(from, file), join(to, file)];
  await mkdir(dirname(target), { recursive: true });
  execFileSync('strip', ['-o', target, source]);
}

/** What cannot be bundled: native modules. */
export async function copyModules(folder: string): Promise<void> {
  const modules = join(folder, 'node_modules');
  await copyKoffi(modules);
  await copyDawn(modules);
}
