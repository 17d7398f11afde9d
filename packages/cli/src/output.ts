/** Where a verb writes: people's text and, with `--json`, one object on stdout. */
export interface Output {
  readonly json: boolean;
  /** A line for people: stdout, or stderr with `--json`. */
  line(text?: string): void;
  /** A warning, always on stderr. */
  warn(text: string): void;
  /** Progress: a bar on a terminal, now and then a plain line elsewhere. */
  progress(done: number, total: number, label: string): void;
  /** Progress towards an end that is not known. */
  count(done: number, label: string): void;
}

export interface Streams {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown; readonly isTTY?: boolean };
}

export function createOutput(streams: Streams, json: boolean): Output {
  const people = json ? streams.stderr : streams.stdout;
  let lastTenth = -1;
  let lastLine = 0;
  return {
    json,
    line: (text = '') => people.write(`${text}\n`),
    warn: (text) => streams.stderr.write(`warning: ${text}\n`),
    progress(done, total, label) {
      if (total <= 0) return;
      if (streams.stderr.isTTY) {
        const filled = Math.round((24 * done) / total);
        const bar = '#'.repeat(filled).padEnd(24, '.');
        streams.stderr.write(`\r[${bar}] ${done}/${total} ${label}${done >= total ? '\n' : ''}`);
        return;
      }
      const tenth = Math.floor((10 * done) / total);
      if (tenth === lastTenth && done < total) return;
      lastTenth = done >= total ? -1 : tenth;
      streams.stderr.write(`${done}/${total} ${label}\n`);
    },
    count(done, label) {
      if (streams.stderr.isTTY) streams.stderr.write(`\r\u001b[K${done} ${label}`);
      else if (performance.now() - lastLine > 2000) {
        lastLine = performance.now();
        streams.stderr.write(`${done} ${label}\n`);
      }
    },
  };
}
