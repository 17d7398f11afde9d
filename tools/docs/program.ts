import { readFileSync } from 'node:fs';
import type { Block } from './blocks.ts';

/**
 * The `ts` blocks of one page as one program, in order. Imports move to the top; each block opens a scope inside the one before, so that
 * it sees earlier names and may use them anew (`const model = …` twice on a page). Blocks of other languages become calls of `shell`.
 */
export function programOf(blocks: readonly Block[], mode: 'check' | 'run'): string {
  const imports = new Map<string, Set<string>>();
  const sideEffects = new Set<string>();
  const bodies: string[] = [];
  for (const block of blocks) {
    if (block.notRun && mode === 'run') continue;
    if (block.language === 'sh' && mode === 'run') bodies.push(`await shell(${JSON.stringify(block.code)});`);
    if (block.language !== 'ts') continue;
    const code = `${block.given}\n${block.code}`.replace(importStatement, (_, type, names, module) => {
      if (names === undefined) sideEffects.add(module);
      else addNames(imports, module, names, type !== undefined);
      return '';
    });
    const body = code.replace(/^export (default )?/gm, '').trim();
    bodies.push(`// line ${block.line}\n${mode === 'run' ? shortened(body) : body}`);
  }
  const header = [
    ...[...sideEffects].map((module) => `import '${module}';`),
    ...[...imports].flatMap(([module, names]) => [...names].map((name) => `import ${name} from '${module}';`)),
  ];
  const nested = bodies.reduceRight((inner, body) => `{\n${body}\n${inner}}\n`, '');
  const shell = mode === 'run' ? 'declare const shell: (script: string) => Promise<void>;\n' : '';
  return `${header.join('\n')}\n${shell}export async function main(): Promise<void> ${nested || '{}'}\n`;
}

const importStatement = /^import (type )?(?:(\{[^}]*\}|\* as \w+|\w+) from )?'([^']+)';(?:[ \t]*\/\/.*)?\n/gm;

/**
 * Two steps, two pictures, a very small network and small pictures, whatever a page shows: what is tested is that it is written rightly, not
 * how long it takes.
 */
function shortened(code: string): string {
  const short = code.replace(
    /\b(steps|everySteps|batchSize): (\d+)/g,
    (_, name, value) => `${name}: ${Math.min(2, value)}`,
  );
  if (code.includes('@glid/weights-')) return short; // they fit their own size only
  return short.replace(/\bbackbone: 'nano'/g, `backbone: ${verySmall}, resize: { longest: 64 }`);
}

const verySmall = JSON.stringify(
  JSON.parse(readFileSync(new URL('../quickstart-backbone.json', import.meta.url), 'utf8')),
);

/** One import a name, so that blocks may import the same name twice. */
function addNames(imports: Map<string, Set<string>>, module: string, clause: string, areTypes: boolean): void {
  const names = imports.get(module) ?? new Set();
  imports.set(module, names);
  if (!clause.startsWith('{')) names.add(clause);
  else {
    const list = clause.slice(1, -1).split(',');
    for (const name of list.map((entry) => entry.trim()).filter((entry) => entry !== '')) {
      names.add(`{ ${areTypes && !name.startsWith('type ') ? 'type ' : ''}${name} }`);
    }
  }
}
