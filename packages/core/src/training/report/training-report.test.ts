import { describe, expect, it } from 'vitest';
import type { StepEvent, TrainingEvent } from '../events.ts';
import { duration, readable } from './markup.ts';
import { smoothed, thinned } from './series.ts';
import { trainingReport } from './training-report.ts';

const step = (n: number, loss: number): StepEvent => ({
  type: 'step',
  step: n,
  progress: n / 10,
  epoch: n / 5,
  pictures: n * 8,
  loss,
  terms: { 'a.fit': loss, 'a.size': 0 },
  learningRate: 1e-3,
  gradientNorm: 2,
  picturesPerSecond: 40,
  milliseconds: { data: 1, gradients: 8, exchange: 0, update: 1 },
  ...(n === 1 ? { spread: { boxes: { overPictures: 0.1, overQueries: null } } } : {}),
});
const events: TrainingEvent[] = [
  {
    type: 'started',
    step: 0,
    progress: 0,
    totalSteps: 10,
    resumedFrom: null,
    trainable: { parameters: 2, numbers: 1234567 },
    frozen: { parameters: 1, numbers: 9 },
    ranks: 2,
  },
  ...[3, 2, 1].map((loss, i) => step(i + 1, loss)),
  { type: 'evaluation', step: 3, progress: 0.3, metrics: { 'a.AP <50>': 0.25 }, best: true, milliseconds: 1 },
  { type: 'failed', step: 3, progress: 0.3, error: new Error('no & more') },
];
const pixel =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==';

describe('trainingReport', () => {
  it('is one self-contained, well-formed page with curves, pictures, notes and settings', () => {
    const html = trainingReport({
      title: 'Run <1>',
      events,
      pictures: { Predictions: [{ title: 'one', caption: 'two', dataUri: pixel }], Empty: [] },
      facts: { seed: 0, path: '"x"' },
    });
    expect(html).not.toMatch(/(src|href)="(?!data:)/);
    expect(html).not.toMatch(/url\(|@import|<script/);
    expect(html).toContain('<title>Run &lt;1&gt;</title>');
    expect(html).toContain('class="state failed"');
    expect(html).toContain('no &amp; more');
    expect(html).toContain('a.AP &lt;50&gt;');
    expect(html).toContain('&quot;x&quot;');
    expect(html).toContain('1,234,567');
    expect(html).toContain(`src="${pixel}"`);
    expect(html).not.toContain('>Empty<');
    expect(html.match(/<figure class="chart">/g)).toHaveLength(7);
    expect(html).not.toContain('NaN');
    for (const tag of ['figure', 'svg', 'section', 'table', 'main', 'div', 'span']) {
      const opened = html.match(new RegExp(`<${tag}[ >]`, 'g'))?.length ?? 0;
      expect(html.match(new RegExp(`</${tag}>`, 'g'))?.length ?? 0, tag).toBe(opened);
    }
  });

  it('draws each value where it belongs', () => {
    const html = trainingReport({ title: 't', events });
    // Learning rate is constant 1e-3 from zero: a level line at the top of the plot, from its left to its right edge.
    const rate = html.slice(html.indexOf('<b>Learning rate</b>'));
    expect(rate).toContain('d="M58.0 10.0L302.0 10.0L546.0 10.0"');
  });

  it('draws the metrics that move and names those that do not', () => {
    const evaluation = (n: number, metrics: { [name: string]: number }): TrainingEvent => ({
      ...{ type: 'evaluation', step: n, progress: n / 10, metrics, best: false, milliseconds: 1 },
    });
    const still = { 'a.AP75': 0, 'a.APs': -1, 'a.APl': 0, 'a.PQ': Number.NaN };
    const moving = [evaluation(1, { 'a.AP': 0, ...still }), evaluation(2, { 'a.AP': 0.5, ...still })];
    const html = trainingReport({ title: 't', events: [...events.slice(0, 4), ...moving] });
    expect(html).toContain('<b>a.AP</b>');
    for (const name of Object.keys(still)) expect(html).not.toContain(`<b>${name}</b>`);
    expect(html).toContain('>0 throughout: a.AP75, a.APl<');
    expect(html).toContain('>-1 throughout: a.APs<');
    expect(html).toContain('>not measurable throughout: a.PQ<');
  });

  it('says something sensible about a run that has hardly begun', () => {
    const html = trainingReport({ title: 't', events: events.slice(0, 1) });
    expect(html).toContain('class="state running"');
    expect(html).not.toMatch(/NaN|undefined|Infinity/);
    expect(trainingReport({ title: 't', events: [] })).not.toMatch(/NaN|undefined|Infinity/);
  });

  it('refuses pictures that are not pictures', () => {
    const picture = { title: 'x', dataUri: 'javascript:alert(1)' };
    expect(() => trainingReport({ title: 't', events, pictures: { a: [picture] } })).toThrow(
      expect.objectContaining({ code: 'GLID_USAGE' }),
    );
  });
});

describe('the parts of a chart', () => {
  it('keeps every spike when thinning', () => {
    const y = Array.from({ length: 10_000 }, (_, i) => (i === 4321 ? 99 : i === 77 ? -99 : Math.sin(i)));
    const few = thinned({ name: 's', x: y.map((_, i) => i), y }, 200);
    expect(few.x.length).toBeLessThanOrEqual(210);
    expect(few.y).toContain(99);
    expect(few.y).toContain(-99);
    expect([...few.x].sort((a, b) => a - b)).toEqual(few.x);
  });

  it('smooths without pulling towards zero or the first value', () => {
    const level = smoothed({ name: 's', x: [1, 2, 3], y: [5, 5, 5] }, 10);
    for (const value of level.y) expect(value).toBeCloseTo(5, 10);
    expect(smoothed({ name: 's', x: [1, 2], y: [0, 3] }, 2).y[1]).toBeCloseTo(2, 10);
  });

  it('writes numbers and times for people', () => {
    expect([0, 0.5, 12345.6, 1 / 3, 2e-5, -4e-4, Number.NaN].map(readable)).toEqual([
      '0',
      '0.5',
      '12,346',
      '0.3333',
      '2e−5',
      '-4e−4',
      'NaN',
    ]);
    expect([900, 65_000, 3_725_000].map(duration)).toEqual(['1 s', '1 min 05 s', '1 h 02 min']);
  });
});
