import { GlidError } from '@glid/base';
import { commandHelp, generalHelp } from './help.ts';
import { parseArguments } from './options.ts';
import { createOutput, type Output, type Streams } from './output.ts';
import { unknownName } from './usage-error.ts';
import { verbs } from './verbs/index.ts';
import { version } from './version.ts';

export const exitCodes = { ok: 0, failed: 1, usage: 2 } as const;

/** Whether a command line that starts with this word has work to do. */
export function isVerb(word: string | undefined): boolean {
  return verbs.some(({ name }) => name === word);
}

/** Runs one command line and returns its exit code. Never throws; a stack trace is shown with `--debug` only. */
export async function main(args: readonly string[], streams: Streams, signal: AbortSignal): Promise<number> {
  const json = args.includes('--json');
  const output = createOutput(streams, json);
  try {
    const [verb, ...rest] = args;
    if (verb === '--version') {
      streams.stdout.write(`${version}\n`);
      return exitCodes.ok;
    }
    if (verb === undefined || verb === '--help' || verb === '-h' || verb === 'help') {
      streams.stdout.write(`${generalHelp(version)}\n`);
      return verb === undefined ? exitCodes.usage : exitCodes.ok;
    }
    const found = verbs.find(({ name }) => name === verb);
    if (!found)
      throw unknownName(
        'verb',
        verb,
        verbs.map(({ name }) => name),
        "See 'glid --help'.",
      );
    const command = await found.load();
    const { options, positionals } = await parseArguments(command, rest);
    if (options.help) {
      streams.stdout.write(`${commandHelp(command)}\n`);
      return exitCodes.ok;
    }
    let code: number = exitCodes.ok;
    const fail = (): void => {
      code = exitCodes.failed;
    };
    const result = await command.run({ options, positionals, output, signal, fail });
    if (json) streams.stdout.write(`${JSON.stringify(result)}\n`);
    return code;
  } catch (error) {
    return report(signal.aborted && !GlidError.isInstance(error) ? stopped(error) : error, args, streams, output);
  }
}

function report(error: unknown, args: readonly string[], streams: Streams, output: Output): number {
  const known = GlidError.isInstance(error);
  const message = error instanceof Error ? error.message : String(error);
  output.error(`glid: ${message}`);
  if (args.includes('--debug') && error instanceof Error) output.error(stackOf(error));
  else if (!known) output.error('This error was not foreseen: --debug shows where it arose.');
  if (output.json) {
    const details = known ? { code: error.code, details: error.details } : { code: 'GLID_UNFORESEEN' };
    streams.stdout.write(`${JSON.stringify({ error: { message, ...details } })}\n`);
  }
  return known && wrongUsage.includes(error.code) ? exitCodes.usage : exitCodes.failed;
}

/** What was asked for makes no sense: unknown options, and settings that are impossible. */
const wrongUsage: readonly string[] = ['GLID_USAGE', 'GLID_CONFIG'];

/** The stack with those of its causes. */
function stackOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${stackOf(error.cause)}` : '';
  return `${error.stack}${cause}`;
}

/** Ctrl-C in a verb that has nothing to resume. */
function stopped(cause: unknown): GlidError {
  return new GlidError('GLID_ABORTED', 'Stopped.', {
    fix: 'What was written so far is whole; run the command again for the rest.',
    cause,
  });
}
