import { renameSync, writeFileSync } from 'node:fs';

/** A file that is whole at any moment: a process may be ended while it writes. */
export function writeJson(file: string, value: unknown): void {
  writeFileSync(`${file}.new`, `${JSON.stringify(value, undefined, 2)}\n`);
  renameSync(`${file}.new`, file);
}
