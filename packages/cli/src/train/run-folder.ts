import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { GlidError } from '@glid/base';
import type { OptionValues } from '../command.ts';
import { kindOf, readJson } from '../files/read.ts';
import { writeAtomically } from '../files/write-atomically.ts';
import { usageError } from '../usage-error.ts';
import { version } from '../version.ts';

/** Where the files of a run are. */
export interface RunFolder {
  readonly folder: string;
  readonly config: string;
  readonly log: string;
  readonly checkpoints: string;
  readonly report: string;
}

export function runFolder(folder: string): RunFolder {
  const at = (name: string): string => join(folder, name);
  return {
    folder,
    config: at('config.json'),
    log: at('log.jsonl'),
    checkpoints: at('checkpoints'),
    report: at('report.html'),
  };
}

/** `config.json` of a run: how it was called, and what followed from that. */
export interface RunConfig {
  readonly verb: string;
  readonly options: OptionValues;
  readonly [fact: string]: unknown;
}

/**
 * Claims the folder for a new run, or checks that there is one to resume. Writes `config.json` of a new run. A run that failed before
 * its first checkpoint leaves nothing to keep: its folder may be used again.
 * @throws GLID_USAGE when the folder holds a run already, or none to resume; GLID_IO when it cannot be written
 */
export async function beginRun(run: RunFolder, resume: boolean, config: RunConfig): Promise<void> {
  if ((await kindOf(run.folder)) === 'file') throw usageError(`${run.folder} is a file.`, 'Give --out a folder.');
  if (!resume && (await hasState(run))) {
    throw usageError(`${run.folder} already holds a run.`, 'Add --resume to go on with it, or give another --out.');
  }
  if (resume && (await kindOf(run.config)) === 'file') return;
  await writeAtomically(run.config, `${JSON.stringify({ glid: version, ...config }, null, 2)}\n`);
  await rm(run.log, { force: true });
}

/** Whether the run has written a checkpoint that it can go on from. */
export async function hasState({ checkpoints }: RunFolder): Promise<boolean> {
  if ((await kindOf(checkpoints)) !== 'folder') return false;
  return (await readdir(checkpoints)).some((name) => name.startsWith('step-'));
}

/** What `config.json` of a run says. @throws GLID_IO, GLID_DATA */
export async function readRunConfig({ config }: RunFolder): Promise<RunConfig> {
  return (await readJson(config)) as RunConfig;
}

/** The options of the run that `--resume` goes on with; they are laid under the flags. */
export async function rememberedOptions(verb: string, given: OptionValues): Promise<OptionValues> {
  if (given.resume !== true || typeof given.out !== 'string') return {};
  const run = runFolder(given.out);
  if ((await kindOf(run.config)) !== 'file') {
    throw usageError(`${given.out} holds no run to resume.`, 'Leave --resume out to begin one.');
  }
  const { verb: own, options } = await readRunConfig(run);
  if (own !== verb || typeof options !== 'object') {
    throw new GlidError('GLID_USAGE', `${given.out} holds a run of glid ${own}.`, {
      fix: `Resume it with: glid ${own} --resume --out ${given.out}`,
    });
  }
  return options;
}
