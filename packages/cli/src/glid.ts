#!/usr/bin/env node
import { main } from './main.ts';

const controller = new AbortController();
process.once('SIGINT', () => {
  process.stderr.write('\nStopping after the current step; Ctrl-C again stops at once.\n');
  controller.abort();
  process.once('SIGINT', () => process.exit(130));
});
process.exitCode = await main(process.argv.slice(2), process, controller.signal);
