import { GlidError } from '@glid/base';
import type { EvaluationEvent, StartedEvent, StepEvent, TrainingEvent } from '../events.ts';
import { lastCourse } from '../jsonl-log.ts';
import { chart } from './chart.ts';
import { duration, escaped, readable } from './markup.ts';
import { type Series, smoothed } from './series.ts';
import { style } from './style.ts';

/** A picture for the report: a prediction, a reconstruction, where a query looked. */
export interface ReportPicture {
  readonly title: string;
  readonly caption?: string;
  /** `data:image/png;base64,…` or another image type. */
  readonly dataUri: string;
}

export interface ReportOptions {
  readonly title: string;
  /** What `train` yielded, or `parseLog` read; of a resumed run all its parts. */
  readonly events: readonly TrainingEvent[];
  /** Under a heading each: sample predictions, reconstructions, attention maps. */
  readonly pictures?: { readonly [heading: string]: readonly ReportPicture[] };
  /** Settings and circumstances worth keeping, in order. */
  readonly facts?: { readonly [name: string]: string | number | boolean };
}

/**
 * A training run as one HTML file that needs nothing else: curves, timings, pictures, settings.
 * @throws GLID_USAGE for a picture that is not a data URI of an image
 */
export function trainingReport({ title, events, pictures = {}, facts = {} }: ReportOptions): string {
  const course = lastCourse(events);
  const steps = course.filter((event): event is StepEvent => event.type === 'step');
  const evaluations = course.filter((event): event is EvaluationEvent => event.type === 'evaluation');
  const state = stateOf(course);
  const galleries = Object.entries(pictures).map(([heading, list]) => gallery(heading, list));
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title><style>${style}</style></head><body><main>
<header><h1>${escaped(title)}</h1><span class="state ${state}">${state}</span></header>
${tiles(course, steps, evaluations)}${notes(course)}
<h2>Curves</h2><div class="charts">${curves(steps, evaluations)}</div>${levelMetrics(evaluations)}
${timings(steps)}${galleries.join('')}${factTable(facts)}
<footer>Written by @glid/core.</footer>
</main></body></html>
`;
}

function stateOf(events: readonly TrainingEvent[]): string {
  const last = events.at(-1)?.type;
  return last === 'finished' || last === 'aborted' || last === 'failed' ? last : 'running';
}

function tiles(
  events: readonly TrainingEvent[],
  steps: readonly StepEvent[],
  evaluations: readonly EvaluationEvent[],
): string {
  const started = events.find((event): event is StartedEvent => event.type === 'started');
  const last = steps.at(-1);
  const best = evaluations.findLast((event) => event.best);
  const spent = steps.reduce((sum, { milliseconds: m }) => sum + m.data + m.gradients + m.exchange + m.update, 0);
  const of = (more: string): string => ` <small>${more}</small>`;
  const facts: [string, string][] = [
    ['steps', `${readable(last?.step ?? 0)}${of(`of ${readable(started?.totalSteps ?? 0)}`)}`],
    [
      'pictures seen',
      `${readable(last?.pictures ?? 0)}${last ? of(`${readable(Number(last.epoch.toFixed(2)))} epochs`) : ''}`,
    ],
    ['last loss', last ? readable(last.loss) : '–'],
    ['time in steps', duration(spent)],
    ['pictures a second', steps.length ? readable(median(steps.map((step) => step.picturesPerSecond))) : '–'],
    ['trained numbers', readable(started?.trainable.numbers ?? 0)],
  ];
  if (best) facts.push(['best evaluation', `step ${readable(best.step)}`]);
  if (started && started.frozen.numbers > 0) facts.push(['frozen numbers', readable(started.frozen.numbers)]);
  if (started && started.ranks > 1) facts.push(['processes', String(started.ranks)]);
  return `<section class="tiles">${facts.map(([name, value]) => `<div class="tile"><span>${name}</span><b>${value}</b></div>`).join('')}</section>`;
}

function notes(events: readonly TrainingEvent[]): string {
  return events
    .map((event) => {
      if (event.type === 'warning') return `<p class="note">Step ${event.step}: ${escaped(event.message)}</p>`;
      if (event.type === 'failed') return `<p class="note bad">Step ${event.step}: ${escaped(event.error.message)}</p>`;
      return '';
    })
    .join('');
}

function curves(steps: readonly StepEvent[], evaluations: readonly EvaluationEvent[]): string {
  const x = steps.map((step) => step.step);
  const of = (name: string, value: (step: StepEvent) => number): Series => ({ name, x, y: steps.map(value) });
  const window = Math.max(1, Math.round(steps.length / 50));
  const withMean = (series: Series): Series[] => [smoothed(series, window), { ...series, pale: true }];
  const names = [...new Set(steps.flatMap((step) => Object.keys(step.terms)))];
  const terms = names.map((name) =>
    smoothed(
      of(name, (step) => step.terms[name] ?? Number.NaN),
      window,
    ),
  );
  return [
    chart({ title: 'Loss', note: 'running mean over every step', series: withMean(of('loss', (step) => step.loss)) }),
    names.length > 1 ? chart({ title: 'Loss terms', note: 'running means, weighted', series: terms }) : '',
    ...metricCharts(evaluations),
    chart({ title: 'Learning rate', series: [of('rate', (step) => step.learningRate)], fromZero: true }),
    chart({
      title: 'Gradient norm',
      note: 'before clipping',
      series: withMean(of('norm', (step) => step.gradientNorm)),
      fromZero: true,
    }),
    ...spreadCharts(steps),
    chart({
      title: 'Throughput',
      note: 'pictures a second',
      series: withMean(of('pictures/s', (step) => step.picturesPerSecond)),
      fromZero: true,
    }),
  ].join('');
}

/** One chart a metric that moves: their scales have nothing in common. */
function metricCharts(evaluations: readonly EvaluationEvent[]): string[] {
  return metricSeries(evaluations)
    .filter((series) => levelOf(series) === null)
    .map((series) => chart({ title: series.name, note: 'evaluation', series: [series] }));
}

/** A line for the metrics that never moved: `0 throughout: AP75, APs`. */
function levelMetrics(evaluations: readonly EvaluationEvent[]): string {
  const byLevel = new Map<string, string[]>();
  for (const series of metricSeries(evaluations)) {
    const level = levelOf(series);
    if (level !== null) byLevel.set(level, [...(byLevel.get(level) ?? []), series.name]);
  }
  return [...byLevel]
    .map(([level, names]) => `<p class="note level">${level} throughout: ${escaped(names.join(', '))}</p>`)
    .join('');
}

function metricSeries(evaluations: readonly EvaluationEvent[]): Series[] {
  const names = [...new Set(evaluations.flatMap((event) => Object.keys(event.metrics)))];
  const x = evaluations.map((event) => event.step);
  const metricOf = (event: EvaluationEvent, name: string): number => Number(event.metrics[name] ?? Number.NaN);
  return names.map((name) => ({ name, x, y: evaluations.map((event) => metricOf(event, name)), marks: true }));
}

/** The one value of a metric over several evaluations, or a zero that is all there is so far; null for one worth drawing. */
function levelOf({ y }: Series): string | null {
  const known = y.filter(Number.isFinite);
  const [first] = known;
  if (first === undefined) return 'not measurable';
  const isLevel = known.every((value) => value === first) && (known.length > 1 || first === 0);
  return isLevel ? readable(first) : null;
}

/** Near zero over pictures: every picture gets the same answer. Near zero over queries: they have not separated. */
function spreadCharts(steps: readonly StepEvent[]): string[] {
  const watched = steps.filter((step) => step.spread);
  const names = [...new Set(watched.flatMap((step) => Object.keys(step.spread!)))];
  return names.map((name) => {
    const x = watched.map((step) => step.step);
    const line = (label: string, pick: (step: StepEvent) => number | null | undefined): Series => ({
      name: label,
      x,
      y: watched.map((step) => pick(step) ?? Number.NaN),
      marks: watched.length < 60,
    });
    const series = [
      line('over pictures', (step) => step.spread![name]?.overPictures),
      line('over queries', (step) => step.spread![name]?.overQueries),
    ];
    return chart({ title: `Spread of ${name}`, note: 'standard deviation', series, fromZero: true });
  });
}

function timings(steps: readonly StepEvent[]): string {
  if (steps.length === 0) return '';
  const parts = (['data', 'gradients', 'exchange', 'update'] as const)
    .map((name) => ({ name, time: median(steps.map((step) => step.milliseconds[name])) }))
    .filter((part) => part.time > 0);
  const total = parts.reduce((sum, part) => sum + part.time, 0);
  const bars = parts.map((part, i) => `<i class="c${i}" style="width:${((100 * part.time) / total).toFixed(2)}%"></i>`);
  const keys = parts.map(
    (part, i) =>
      `<span class="key"><i class="c${i}"></i>${part.name} <b>${readable(part.time)} ms</b> (${Math.round((100 * part.time) / total)} %)</span>`,
  );
  return `<h2>Where a step's time goes</h2><div class="tile"><div class="bar">${bars.join('')}</div><span class="keys">${keys.join('')}</span></div>`;
}

function gallery(heading: string, pictures: readonly ReportPicture[]): string {
  const items = pictures.map(({ title, caption, dataUri }) => {
    if (!/^data:image\/[a-z+.-]+;base64,[A-Za-z0-9+/=]+$/.test(dataUri)) {
      throw new GlidError('GLID_USAGE', `Picture '${title}' is not a data URI of an image.`, {
        fix: 'Encode it: `data:image/png;base64,…`.',
      });
    }
    const text = `<b>${escaped(title)}</b>${caption ? escaped(caption) : ''}`;
    return `<figure class="picture"><img alt="${escaped(title)}" src="${dataUri}"><figcaption>${text}</figcaption></figure>`;
  });
  return items.length === 0 ? '' : `<h2>${escaped(heading)}</h2><div class="pictures">${items.join('')}</div>`;
}

function factTable(facts: { readonly [name: string]: string | number | boolean }): string {
  const rows = Object.entries(facts).map(
    ([name, value]) => `<tr><td>${escaped(name)}</td><td>${escaped(String(value))}</td></tr>`,
  );
  return rows.length === 0 ? '' : `<h2>Settings</h2><table>${rows.join('')}</table>`;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
