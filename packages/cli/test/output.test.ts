import { describe, expect, it } from 'vitest';
import { createOutput } from '../src/output.ts';

/** What a terminal shows in the end: carriage returns and erased lines applied. */
function screen(text: string): string[] {
  return text.split('\n').map((line) => line.slice(line.lastIndexOf('\r') + 1).replace('\u001b[K', ''));
}

function terminal(columns = 80) {
  let text = '';
  const stream = { write: (more: string) => (text += more), isTTY: true, columns };
  return { output: createOutput({ stdout: stream, stderr: stream }, false), shown: () => screen(text) };
}

describe('output on a terminal', () => {
  it('never mixes a bar with text', () => {
    const { output, shown } = terminal();
    output.progress(1, 4, 'steps');
    output.line('a line');
    output.progress(2, 4, 'steps');
    output.warn('something');
    output.progress(4, 4, 'steps');
    output.count(3, 'cat');
    output.error('glid: no');
    expect(shown()).toEqual(['a line', 'warning: something', `[${'#'.repeat(24)}] 4/4 steps`, 'glid: no', '']);
  });

  it('keeps a bar on one line, however long its label', () => {
    const { output, shown } = terminal(20);
    output.count(1, 'a/very/long/name/of/a/picture');
    output.count(2, 'b');
    expect(shown()).toEqual(['2 b']);
    output.count(3, 'a/very/long/name/of/a/picture');
    expect(shown()).toEqual(['3 a/very/long/name/']);
  });
});

it('elsewhere progress is a few plain lines', () => {
  let text = '';
  const stream = { write: (more: string) => (text += more) };
  const output = createOutput({ stdout: stream, stderr: stream }, true);
  for (let i = 1; i <= 100; i++) output.progress(i, 100, 'steps');
  expect(text.split('\n').slice(0, -1)).toEqual(
    [1, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100].map((i) => `${i}/100 steps`),
  );
});
