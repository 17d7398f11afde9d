import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Command } from '../command.ts';
import { version } from '../version.ts';

const known = [
  '@glid/core',
  '@glid/data',
  '@glid/head-detection',
  '@glid/head-segmentation',
  '@glid/head-depth',
  '@glid/head-pose',
  '@glid/backend-wasm',
  '@glid/backend-webgpu',
  '@glid/backend-cuda',
] as const;

/** The version of an installed package as seen from `folder`, or null. */
export function installedVersion(name: string, folder: string): string | null {
  try {
    return createRequire(join(folder, 'resolve.js'))(`${name}/package.json`).version as string;
  } catch {
    return null;
  }
}

export const info: Command = {
  name: 'info',
  summary: 'Packages, heads and backends found; which backend would run, and why not the others.',
  usage: 'glid info [--json]',
  options: {},
  positionals: [],
  async run({ output }) {
    const packages = Object.fromEntries(known.map((name) => [name, installedVersion(name, process.cwd())]));
    const result = {
      glid: version,
      node: process.versions.node,
      platform: `${process.platform}-${process.arch}`,
      packages,
    };
    output.line(`glid ${version}, Node ${result.node}, ${result.platform}`);
    for (const [name, found] of Object.entries(packages))
      output.line(`  ${name.padEnd(24)} ${found ?? 'not installed'}`);
    return result;
  },
};
