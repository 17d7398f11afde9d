import { readFile } from 'node:fs/promises';
import { GlidError } from '@glid/base';
import type { Command, OptionSpec, OptionSpecs, OptionValue, OptionValues } from './command.ts';
import { codeOf } from './files/node-error.ts';
import { unknownName, usageError } from './usage-error.ts';

/** Options that every verb has. */
export const commonOptions: OptionSpecs = {
  json: { kind: 'boolean', help: 'print one machine-readable object to stdout and everything else to stderr' },
  config: { kind: 'string', placeholder: 'FILE', help: 'JSON file with options; flags win over it' },
  debug: { kind: 'boolean', help: 'show stack traces' },
  help: { kind: 'boolean', help: 'show this help' },
};

export const kebab = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
const camel = (name: string): string => name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());

export interface ParsedArguments {
  readonly options: OptionValues;
  readonly positionals: readonly string[];
}

/** Reads flags, then lays them over the file of `--config`, then over the defaults. */
export async function parseArguments(command: Command, args: readonly string[]): Promise<ParsedArguments> {
  const specs: OptionSpecs = { ...command.options, ...commonOptions };
  const help = `See 'glid ${command.name} --help'.`;
  const given = new Map<string, OptionValue>();
  const positionals: string[] = [];
  const rest = [...args];
  let optionsEnded = false;
  while (rest.length > 0) {
    const token = rest.shift()!;
    if (!optionsEnded && token === '-h') {
      given.set('help', true);
    } else if (optionsEnded || !token.startsWith('--')) {
      if (!optionsEnded && token.startsWith('-') && token.length > 1 && Number.isNaN(Number(token))) {
        throw usageError(`Unknown option '${token}'.`, `Options start with two dashes. ${help}`);
      }
      positionals.push(token);
    } else if (token === '--') {
      optionsEnded = true;
    } else {
      const [flag, inline] = splitFlag(token.slice(2));
      const { name, spec, negated } = findOption(flag, specs, help);
      if (spec.kind === 'boolean') {
        if (inline !== undefined) throw usageError(`--${flag} takes no value.`, help);
        given.set(name, !negated);
        continue;
      }
      const text = inline ?? rest.shift();
      if (text === undefined) throw usageError(`--${flag} needs a value.`, help);
      const before = spec.kind === 'list' ? ((given.get(name) as readonly string[] | undefined) ?? []) : [];
      given.set(name, spec.kind === 'list' ? [...before, ...text.split(',')] : convert(name, spec, text));
    }
  }
  checkPositionals(command, positionals, given.get('help') === true, help);
  const fromFile = given.has('config') ? await readConfig(String(given.get('config')), specs, help) : {};
  const helpAsked = given.get('help') === true;
  const remembered = helpAsked
    ? {}
    : ((await command.remembered?.({ ...fromFile, ...Object.fromEntries(given) })) ?? {});
  const options: Record<string, OptionValue> = {};
  for (const [name, spec] of Object.entries(specs)) {
    const value = given.get(name) ?? fromFile[name] ?? remembered[name] ?? spec.default;
    if (value === undefined && spec.required && !helpAsked) {
      throw usageError(`--${kebab(name)} is missing.`, `It says: ${spec.help}. ${help}`);
    }
    if (value !== undefined) options[name] = checkValue(name, spec, value);
  }
  return { options, positionals };
}

function splitFlag(flag: string): [string, string | undefined] {
  const equals = flag.indexOf('=');
  return equals < 0 ? [flag, undefined] : [flag.slice(0, equals), flag.slice(equals + 1)];
}

function findOption(
  flag: string,
  specs: OptionSpecs,
  help: string,
): { name: string; spec: OptionSpec; negated: boolean } {
  const direct = specs[camel(flag)];
  if (direct) return { name: camel(flag), spec: direct, negated: false };
  const positive = flag.startsWith('no-') ? specs[camel(flag.slice(3))] : undefined;
  if (positive?.kind === 'boolean') return { name: camel(flag.slice(3)), spec: positive, negated: true };
  throw unknownName(
    'option',
    `--${flag}`,
    Object.keys(specs).map((name) => `--${kebab(name)}`),
    help,
  );
}

function convert(name: string, spec: OptionSpec, text: string): OptionValue {
  if (spec.kind !== 'integer' && spec.kind !== 'number') return text;
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) {
    throw usageError(
      `--${kebab(name)} is '${text}'.`,
      `Give ${spec.kind === 'integer' ? 'a whole number' : 'a number'}.`,
    );
  }
  return value;
}

function checkValue(name: string, spec: OptionSpec, value: NonNullable<OptionValue>): OptionValue {
  const wrong = (expected: string): GlidError =>
    usageError(`--${kebab(name)} is ${JSON.stringify(value)}.`, `Give ${expected}.`);
  const list = spec.kind === 'list' && typeof value === 'string' ? value.split(',') : value;
  if (spec.kind === 'integer' && !Number.isInteger(list)) throw wrong('a whole number');
  if (spec.kind === 'number' && typeof list !== 'number') throw wrong('a number');
  if (spec.kind === 'boolean' && typeof list !== 'boolean') throw wrong('true or false');
  if (spec.kind === 'string' && typeof list !== 'string') throw wrong('a text');
  if (spec.kind === 'list' && !Array.isArray(list)) throw wrong('a list');
  if (spec.kind === 'json' && typeof list !== 'string' && (typeof list !== 'object' || Array.isArray(list))) {
    throw wrong('an object, or the path of a JSON file');
  }
  if (spec.minimum !== undefined && (list as number) < spec.minimum) throw wrong(`at least ${spec.minimum}`);
  if (spec.maximum !== undefined && (list as number) > spec.maximum) throw wrong(`at most ${spec.maximum}`);
  for (const item of Array.isArray(list) ? list : [list]) {
    if (spec.choices && !spec.choices.includes(String(item))) {
      throw unknownName(`value of --${kebab(name)}`, String(item), spec.choices, `One of: ${spec.choices.join(', ')}.`);
    }
  }
  return list;
}

function checkPositionals(command: Command, positionals: readonly string[], helpAsked: boolean, help: string): void {
  if (helpAsked) return;
  const many = command.positionals.at(-1)?.endsWith('...') ?? false;
  const needed = command.positionals.length;
  if (positionals.length < needed) {
    throw usageError(`${command.positionals[positionals.length]} is missing.`, `Usage: ${command.usage}. ${help}`);
  }
  if (positionals.length > needed && !many) {
    throw usageError(`'${positionals[needed]}' is one argument too many.`, `Usage: ${command.usage}. ${help}`);
  }
}

async function readConfig(path: string, specs: OptionSpecs, help: string): Promise<OptionValues> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new GlidError('GLID_USAGE', `Cannot read the configuration file ${path}.`, {
      fix: codeOf(cause) === 'EISDIR' ? 'Give --config a file, not a folder.' : 'Check the path given to --config.',
      cause,
    });
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new GlidError('GLID_USAGE', `${path} is not JSON: ${(cause as Error).message}.`, {
      fix: 'Correct the file.',
      cause,
    });
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw usageError(`${path} must hold one JSON object.`, `Its keys are option names. ${help}`);
  }
  for (const key of Object.keys(parsed)) {
    if (!Object.hasOwn(specs, key)) throw unknownName(`option in ${path}`, key, Object.keys(specs), help);
  }
  return parsed as OptionValues;
}
