import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { main } from '@glid/cli';

/** What a reader types, one command a line, as far as it can be checked without a network and without waiting. */
export function shellOf(root: string): (script: string) => Promise<void> {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { version?: string }>;
  };

  const commands: { readonly [name: string]: (args: readonly string[]) => void | Promise<void> } = {
    glid: runGlid,
    npx(args) {
      if (args[0] === 'glid') return runGlid(args.slice(1));
      // Examples have tests of their own.
      const file = args.find((arg) => arg.endsWith('.ts'));
      if (args[0] === 'tsx' && file) return requireFile(root, file);
      if (!existsSync(join(root, 'node_modules/.bin', args[0]!)))
        throw new Error(`npx ${args[0]}: no such program here`);
    },
    npm(args) {
      if (args[0] === 'run') {
        if (!manifest.scripts[args[1]!]) throw new Error(`npm run ${args[1]}: there is no such script`);
      } else if (args[0] === 'install') args.slice(1).forEach(requirePackage);
      else throw new Error(`npm ${args.join(' ')} is not understood`);
    },
    mpirun(args) {
      const file = args.find((arg) => arg.startsWith('examples/'));
      if (file) requireFile(root, file);
    },
  };

  /** The package exists, in this workspace or in the lock file, in the version that the page names. */
  function requirePackage(spec: string): void {
    if (spec.startsWith('-')) return;
    const [, name, version] = /^(@?[^@]+)(?:@(.+))?$/.exec(spec)!;
    const entry = lock.packages[`node_modules/${name}`];
    if (!entry) throw new Error(`npm install ${spec}: the lock file does not know ${name}`);
    if (version && entry.version && version !== entry.version) {
      throw new Error(`npm install ${spec}: this project uses ${entry.version}`);
    }
  }

  return async (script) => {
    for (const line of joinedLines(script)) {
      const [command, ...args] = words(line);
      if (command === undefined) continue;
      const run = commands[command];
      if (!run) throw new Error(`'${line}' cannot be checked: begin the block with '# not run: …' and a reason`);
      await run(args);
    }
  };
}

function requireFile(root: string, file: string): void {
  if (!existsSync(join(root, file))) throw new Error(`${file} does not exist`);
}

/** Runs `glid` in this process, shortened, in the present folder. */
async function runGlid(args: readonly string[]): Promise<void> {
  let output = '';
  const stream = { write: (text: string) => (output += text) };
  const code = await main(shortened(args), { stdout: stream, stderr: stream }, new AbortController().signal);
  if (code !== 0) throw new Error(`glid ${args.join(' ')} ended with code ${code}:\n${output}`);
}

/** Two steps, two pictures, 64 pixels and a very small network, whatever the page says: it is about what is written, not how long it takes. */
export function shortened(args: readonly string[]): string[] {
  const [verb = '', ...rest] = args;
  const short: Record<string, string> = {};
  if (verb === 'pretrain' || verb === 'finetune') {
    if (rest.includes('--help') || rest.includes('--resume')) return [...args];
    Object.assign(short, { '--steps': '2', '--batch-size': '2', '--limit': '4', '--eval-limit': '2', '--size': '64' });
    Object.assign(short, { '--eval-every': '2', '--checkpoint-every': '2', '--backend': 'wasm' });
    if (!rest.includes('--from')) short['--backbone'] = 'very-small.json';
  }
  if (verb === 'evaluate') Object.assign(short, { '--limit': '2', '--backend': 'wasm' });
  if (verb === 'predict' || verb === 'benchmark') short['--backend'] = 'wasm';
  const kept = rest.filter(
    (_, i) => !(rest[i]! in short) && !(i > 0 && rest[i - 1]! in short) && rest[i] !== '--epochs',
  );
  return [verb, ...kept, ...Object.entries(short).flat()];
}

/** Lines with their continuations, without comments and prompts. */
function joinedLines(script: string): string[] {
  return script
    .replace(/\\\n\s*/g, ' ')
    .split('\n')
    .map((line) => line.replace(/(^|\s)#.*$/, '').trim())
    .filter((line) => line !== '');
}

/** Words as a shell splits them: quotes group, nothing is expanded. */
export function words(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
    ([, single, double, bare]) => (single ?? double ?? bare)!,
  );
}
