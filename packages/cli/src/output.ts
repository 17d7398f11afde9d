/** Where a verb writes: people's text and, with `--json`, one object on stdout. */
export interface Output {
  readonly json: boolean;
  /** A line for people: stdout, or stderr with `--json`. */
  line(text?: string): void;
  /** A warning, always on stderr. */
  warn(text: string): void;
  /** What went wrong, always on stderr. */
  error(text: string): void;
  /** Progress: a bar on a terminal, now and then a plain line elsewhere. */
  progress(done: number, total: number, label: string): void;
  /** Progress towards an end that is not known. */
  count(done: number, label: string): void;
}

export interface Streams {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown; readonly isTTY?: boolean; readonly columns?: number };
}

const eraseLine = '\r\u001b[K';

export function createOutput(streams: Streams, json: boolean): Output {
  const { stderr } = streams;
  const people = json ? stderr : streams.stdout;
  let lastTenth = -1;
  let lastLine = 0;
  let hasBar = false;
  /** Text takes the place of the bar, which is drawn anew below it. */
  const below = (write: () => unknown): void => {
    if (hasBar) stderr.write(eraseLine);
    hasBar = false;
    write();
  };
  const drawBar = (text: string, isLast: boolean): void => {
    stderr.write(`${eraseLine}${text.slice(0, (stderr.columns ?? 80) - 1)}${isLast ? '\n' : ''}`);
    hasBar = !isLast;
  };
  return {
    json,
    line: (text = '') => below(() => people.write(`${text}\n`)),
    warn: (text) => below(() => stderr.write(`warning: ${text}\n`)),
    error: (text) => below(() => stderr.write(`${text}\n`)),
    progress(done, total, label) {
      if (total <= 0) return;
      if (stderr.isTTY) {
        const bar = '#'.repeat(Math.round((24 * done) / total)).padEnd(24, '.');
        drawBar(`[${bar}] ${done}/${total} ${label}`, done >= total);
        return;
      }
      const tenth = Math.floor((10 * done) / total);
      if (tenth === lastTenth && done < total) return;
      lastTenth = done >= total ? -1 : tenth;
      stderr.write(`${done}/${total} ${label}\n`);
    },
    count(done, label) {
      if (stderr.isTTY) drawBar(`${done} ${label}`, false);
      else if (performance.now() - lastLine > 2000) {
        lastLine = performance.now();
        stderr.write(`${done} ${label}\n`);
      }
    },
  };
}
