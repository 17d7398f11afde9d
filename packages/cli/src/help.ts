import type { Command, OptionSpec } from './command.ts';
import { commonOptions, kebab } from './options.ts';
import { verbs } from './verbs/index.ts';

export function generalHelp(version: string): string {
  const width = Math.max(...verbs.map(({ name }) => name.length));
  const rows = verbs.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return `glid ${version}: one encoder-decoder for any vision task

Usage: glid VERB [options]

${rows.join('\n')}

glid VERB --help explains a verb. Every verb takes --json, --config FILE and --debug.
Exit codes: 0 ok, 1 the job failed, 2 wrong usage.`;
}

export function commandHelp(command: Command): string {
  return `${command.summary}

Usage: ${command.usage}

Options:
${optionTable(command.options)}

${optionTable(commonOptions)}`;
}

function optionTable(specs: Readonly<Record<string, OptionSpec>>): string {
  const rows = Object.entries(specs).map(([name, spec]) => {
    const value = spec.kind === 'boolean' ? '' : ` ${spec.placeholder ?? spec.kind.toUpperCase()}`;
    const notes = [
      spec.choices ? `one of ${spec.choices.join(', ')}` : '',
      spec.required ? 'required' : '',
      spec.default === undefined ? '' : `default ${String(spec.default)}`,
    ].filter(Boolean);
    return [`  --${kebab(name)}${value}`, spec.help + (notes.length > 0 ? ` (${notes.join('; ')})` : '')] as const;
  });
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `${left.padEnd(width)}  ${right}`).join('\n');
}
