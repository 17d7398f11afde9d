import { availableParallelism, cpus } from 'node:os';
import { backendCandidates } from '../backend/candidates.ts';
import type { Command } from '../command.ts';
import { ownHeads } from '../heads/load-head.ts';
import { findPackage } from '../packages/find-package.ts';
import { table } from '../table.ts';
import { version } from '../version.ts';

const others = [
  '@glid/core',
  '@glid/data',
  '@glid/head-kit',
  '@tensorflow/tfjs-core',
  'sharp',
  'onnxruntime-node',
  'webgpu',
];

/** The part of a backend's own facts that is shown where it has them. */
interface BackendFacts {
  readonly name: string;
  readonly description: string;
  readonly limits?: unknown;
  readonly features?: unknown;
}

export const info: Command = {
  name: 'info',
  summary: 'Packages, heads and backends found; which backend would run, and why not the others.',
  usage: 'glid info [--json]',
  options: {},
  positionals: [],
  async run({ output }) {
    const versionOf = (name: string): string | null => findPackage(name)?.version ?? null;
    const heads = Object.fromEntries(Object.entries(ownHeads).map(([name, id]) => [name, versionOf(id)]));
    const packages = Object.fromEntries(others.map((name) => [name, versionOf(name)]));
    const backend = await backendFacts();
    const machine = {
      platform: `${process.platform}-${process.arch}`,
      cpu: cpus()[0]?.model ?? 'unknown',
      cores: availableParallelism(),
    };
    const found = (value: string | null): string => value ?? 'not installed';
    output.line(
      `glid ${version}, Node ${process.versions.node}, ${machine.platform}, ${machine.cores} x ${machine.cpu}`,
    );
    output.line('\nheads');
    output.line(table(Object.entries(heads).map(([name, value]) => [`  ${name}`, found(value)])));
    output.line('\npackages');
    output.line(table(Object.entries(packages).map(([name, value]) => [`  ${name}`, found(value)])));
    output.line('\nbackends, best first');
    for (const { name, reason } of backend.rejected) output.line(`  ${name}: not used, ${inOneLine(reason)}`);
    output.line(
      backend.chosen ? `  ${backend.chosen.name}: would run (${backend.chosen.description})` : '  none works',
    );
    return { glid: version, node: process.versions.node, ...machine, heads, packages, backend };
  },
};

/** First and last line of a reason that lists what was tried; `--json` has it whole. */
function inOneLine(reason: string): string {
  const [first, ...others] = reason.split('\n').map((line) => line.trim());
  if (others.length < 2) return [first, ...others].join(' ');
  return `${first} … ${others.at(-1)} (in full: --json)`;
}

/** Tries the backends as a job would, and gives the chosen one back at once. */
async function backendFacts(): Promise<{
  chosen: BackendFacts | null;
  rejected: readonly { readonly name: string; readonly reason: string }[];
}> {
  const [{ useBackend }, { enableProdMode }, { GlidError }] = await Promise.all([
    import('@glid/core'),
    import('@tensorflow/tfjs-core'),
    import('@glid/base'),
  ]);
  enableProdMode();
  try {
    const { backend, rejected } = await useBackend(backendCandidates('auto'));
    const { name, description, limits, features } = backend as BackendFacts;
    await backend.dispose();
    return {
      chosen: { name, description, ...(limits ? { limits } : {}), ...(features ? { features } : {}) },
      rejected,
    };
  } catch (error) {
    if (!GlidError.isInstance(error, 'GLID_BACKEND_UNAVAILABLE')) throw error;
    return { chosen: null, rejected: error.details.rejected as { name: string; reason: string }[] };
  }
}
