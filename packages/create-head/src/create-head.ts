#!/usr/bin/env node
import { createInterface } from 'node:readline/promises';
import { main } from './main.ts';

const { stdin, stdout, stderr } = process;
const ask = async (question: string): Promise<string> => {
  const terminal = createInterface({ input: stdin, output: stdout });
  try {
    return await terminal.question(question);
  } finally {
    terminal.close();
  }
};
process.exitCode = await main(process.argv.slice(2), {
  cwd: process.cwd(),
  stdout,
  stderr,
  ask: stdin.isTTY && stdout.isTTY ? ask : undefined,
});
