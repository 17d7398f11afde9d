#!/usr/bin/env node
import { isVerb, main } from './main.ts';
import { quickImports } from './startup/quick-imports.ts';

const controller = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    process.stderr.write('\nStopping after the current step; once more stops at once.\n');
    controller.abort();
    process.once(signal, () => process.exit(130));
  });
}
// `glid … | head`: who reads has seen enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});
const args = process.argv.slice(2);
if (isVerb(args[0])) quickImports(new URL('./tensorflow-hooks.js', import.meta.url));
process.exitCode = await main(args, process, controller.signal);
