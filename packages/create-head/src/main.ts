import { relative } from 'node:path';
import { parseArgs } from 'node:util';
import { GlidError } from '@glid/base';
import { createPackage } from './create-package.ts';
import { type KindName, kindNames, kinds } from './kinds.ts';
import { namesOf } from './names.ts';

/** The world around a call: replaced in tests. */
export interface Surroundings {
  readonly cwd: string;
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
  /** Asks a person; absent where nobody is there to answer. */
  readonly ask?: ((question: string) => Promise<string>) | undefined;
}

export const usage: string = `Usage: npm create @glid/head NAME -- --${kindNames.join(' | --')}

${kindNames.map((name) => `  --${name.padEnd(9)} ${kinds[name].summary}`).join('\n')}

NAME is a package name (glid-head-normals, @acme/glid-head-normals) or a path that ends with one.`;

/** Creates a package as the arguments say. Returns the exit code: 0 done, 1 not written, 2 wrongly called. */
export async function main(args: readonly string[], world: Surroundings): Promise<number> {
  try {
    const { values, positionals } = read(args);
    if (values.help) {
      world.stdout.write(`${usage}\n`);
      return 0;
    }
    const chosen = kindNames.filter((name) => values[name]);
    if (positionals.length > 1)
      throw wrong(`One name is wanted, not ${positionals.length}: ${positionals.join(', ')}.`);
    if (chosen.length > 1) throw wrong(`--${chosen.join(' and --')} exclude one another.`);
    const target = positionals[0] ?? (await askName(world));
    const names = namesOf(target, world.cwd);
    const kind = chosen[0] ?? (await askKind(world));
    const files = createPackage(names, kind);
    const place = relative(world.cwd, names.folder);
    world.stdout.write(
      `${names.packageName}: a ${kind} head, ${files.length} files.\n\n  cd ${place}\n  npm install\n  npm test\n  npm run overfit\n`,
    );
    return 0;
  } catch (error) {
    if (!GlidError.isInstance(error)) throw error;
    world.stderr.write(`create-head: ${error.message}\n`);
    return error.code === 'GLID_USAGE' ? 2 : 1;
  }
}

const flag = { type: 'boolean' } as const;

function read(args: readonly string[]) {
  try {
    const options = { help: { ...flag, short: 'h' }, dense: flag, matched: flag, vector: flag } as const;
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (cause) {
    throw wrong((cause as Error).message.replace(/^([^.]*)\.?.*$/s, '$1.'));
  }
}

async function askName({ ask }: Surroundings): Promise<string> {
  const name = (await ask?.('Name of the package: '))?.trim();
  if (name) return name;
  throw wrong('The name is missing.');
}

async function askKind({ ask, stdout }: Surroundings): Promise<KindName> {
  if (!ask) throw wrong('The kind of head is missing.');
  stdout.write(`${kindNames.map((name, i) => `  ${i + 1}  ${name.padEnd(8)} ${kinds[name].summary}`).join('\n')}\n`);
  const answer = (await ask('What does the head answer with? ')).trim();
  const kind = kindNames[Number(answer) - 1] ?? kindNames.find((name) => name === answer);
  if (kind) return kind;
  throw wrong(`'${answer}' is no kind of head.`);
}

function wrong(what: string): GlidError {
  return new GlidError('GLID_USAGE', what, { fix: `Call it like this.\n\n${usage}` });
}
