import type { Output } from './output.ts';

/** One `--option`. Kebab-case on the command line, camelCase in a configuration file and in the API. */
export interface OptionSpec {
  /** `json`: JSON text or a file's path on the command line; in a configuration file an object as well. */
  readonly kind: 'string' | 'integer' | 'number' | 'boolean' | 'list' | 'json';
  readonly help: string;
  /** Shown in help in place of the kind: `FILE`, `N`, … */
  readonly placeholder?: string;
  readonly choices?: readonly string[];
  readonly required?: boolean;
  readonly default?: string | number | boolean | readonly string[];
  readonly minimum?: number;
}

export type OptionSpecs = { readonly [name: string]: OptionSpec };

export type OptionValue =
  | string
  | number
  | boolean
  | readonly string[]
  | { readonly [name: string]: unknown }
  | undefined;
export type OptionValues = { readonly [name: string]: OptionValue };

/** What a verb gets to work with. */
export interface CommandContext {
  readonly options: OptionValues;
  readonly positionals: readonly string[];
  readonly output: Output;
  /** Aborted by Ctrl-C: finish what must not be lost, then return. */
  readonly signal: AbortSignal;
  /** The job was done, but what it found is bad: the exit code becomes 1, the result is printed all the same. */
  readonly fail: () => void;
}

/** A verb of the command line. `run` returns what `--json` prints. */
export interface Command {
  readonly name: string;
  readonly summary: string;
  readonly usage: string;
  readonly options: OptionSpecs;
  /** Names of positional arguments; a last one that ends with `...` takes all that follow. */
  readonly positionals: readonly string[];
  /** Options that an earlier run left behind, laid under the flags: how a run is resumed without repeating them. */
  remembered?(given: OptionValues): Promise<OptionValues>;
  run(context: CommandContext): Promise<unknown>;
}
