import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';

/** How a program ended. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** npm as a user calls it, except that everything comes from the registry of this suite and nothing from the user's own settings. */
function settings(): NodeJS.ProcessEnv {
  const { url, cache } = inject('registry');
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^npm_|proxy$|^GLID_|^NODE_OPTIONS$|^VITEST/i.test(name),
  );
  return {
    ...Object.fromEntries(kept),
    NO_COLOR: '1',
    npm_config_registry: url,
    npm_config_cache: cache,
    npm_config_userconfig: join(cache, 'npmrc'),
    npm_config_audit: 'false',
    npm_config_fund: 'false',
    npm_config_ignore_scripts: 'true',
    npm_config_update_notifier: 'false',
  };
}

/** Runs a program to its end, whatever that is. The test's own server goes on meanwhile. */
export function run(folder: string, file: string, ...args: readonly string[]): Promise<Ended> {
  return new Promise((done) => {
    const options = { cwd: folder, env: settings(), encoding: 'utf8', maxBuffer: 2 ** 26 } as const;
    execFile(file, args, options, (error, stdout, stderr) => {
      done({ code: error ? (typeof error.code === 'number' ? error.code : 1) : 0, stdout, stderr });
    });
  });
}

/** Runs a program that must succeed, and returns what it printed. */
export async function mustRun(folder: string, file: string, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run(folder, file, ...args);
  if (code !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${code}\n${stdout}${stderr}`);
  return stdout;
}

/** An empty project outside this checkout. */
export function emptyProject(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `glid-${name}-`));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name, private: true, type: 'module' }));
  return folder;
}

/** Names of the packages in a project's node_modules, nested copies too. */
export function installed(folder: string): string[] {
  const modules = join(folder, 'node_modules');
  if (!existsSync(modules)) return [];
  const names = readdirSync(modules)
    .filter((name) => !name.startsWith('.'))
    .flatMap((name) =>
      name.startsWith('@') ? readdirSync(join(modules, name)).map((own) => `${name}/${own}`) : [name],
    );
  return names.flatMap((name) => [name, ...installed(join(modules, name)).map((inner) => `${name} > ${inner}`)]).sort();
}

/** MiB of files below a folder. */
export function sizeOf(folder: string): number {
  const kilobytes = execFileSync('du', ['-sk', folder], { encoding: 'utf8' }).split('\t')[0];
  return Number(kilobytes) / 1024;
}

export function readJson<T>(...path: readonly string[]): T {
  return JSON.parse(readFileSync(join(...path), 'utf8')) as T;
}
