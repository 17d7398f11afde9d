import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  jsonlLog,
  lastCourse,
  parseLog,
  type ReportPicture,
  type TrainingEvent,
  tee,
  trainingReport,
} from '@glid/core/train';
import { writeAtomically } from '../files/write-atomically.ts';
import type { Output } from '../output.ts';
import type { RunFolder } from './run-folder.ts';

type Facts = { readonly [name: string]: string | number | boolean };
export type Pictures = { readonly [heading: string]: readonly ReportPicture[] };

export interface WatchedRun {
  readonly title: string;
  readonly run: RunFolder;
  readonly facts: Facts;
  readonly output: Output;
}

/** How a run ended. */
export interface RunOutcome {
  /** Reached its end, early stopping included; false after Ctrl-C. */
  readonly finished: boolean;
  readonly step: number;
  readonly best: { readonly step: number; readonly value: number } | null;
  readonly evaluations: readonly { readonly step: number; readonly metrics: { readonly [name: string]: number } }[];
}

/** Lets a run happen: every event goes to its log, the terminal sees progress. The report is kept up to date. */
export async function watchRun(events: AsyncIterable<TrainingEvent>, watched: WatchedRun): Promise<RunOutcome> {
  const { output, run } = watched;
  let outcome: RunOutcome = { finished: false, step: 0, best: null, evaluations: [] };
  let total = 0;
  let begun = false;
  try {
    for await (const event of tee(events, await jsonlLog(run.log))) {
      begun = true;
      outcome = { ...outcome, step: event.step };
      switch (event.type) {
        case 'started':
          total = event.totalSteps;
          output.line(
            event.resumedFrom === null
              ? `${event.trainable.numbers.toLocaleString('en-US')} numbers to train`
              : `going on from ${event.resumedFrom}`,
          );
          break;
        case 'step':
          output.progress(event.step, total, stepLabel(event.loss, event.picturesPerSecond));
          break;
        case 'evaluation':
          output.line(`step ${event.step}: ${metricLine(event.metrics)}${event.best ? ' (best so far)' : ''}`);
          outcome = { ...outcome, evaluations: [...outcome.evaluations, { step: event.step, metrics: event.metrics }] };
          await writeReport(watched);
          break;
        case 'warning':
          output.warn(event.message);
          break;
        case 'finished':
          outcome = { ...outcome, finished: true, best: event.best };
          break;
      }
    }
  } finally {
    if (begun)
      await writeReport(watched).catch((error: Error) => output.warn(`the report was not written: ${error.message}`));
  }
  return outcome;
}

function stepLabel(loss: number, rate: number): string {
  return `steps, loss ${loss.toPrecision(4)}, ${rate.toFixed(1)} pictures/s`;
}

/** The first few numbers, of each head where there are several; all of them are in the log. */
function metricLine(metrics: { readonly [name: string]: number }): string {
  const shown = Object.entries(metrics).filter(([, value]) => Number.isFinite(value));
  const headOf = (name: string): string => name.slice(0, Math.max(0, name.indexOf('.')));
  const most = new Set(shown.map(([name]) => headOf(name))).size > 1 ? 2 : 6;
  const counts = new Map<string, number>();
  const few = shown.filter(([name]) => {
    const count = (counts.get(headOf(name)) ?? 0) + 1;
    counts.set(headOf(name), count);
    return count <= most;
  });
  return few.map(([name, value]) => `${name} ${value.toPrecision(3)}`).join(', ') || 'nothing could be measured';
}

/** `report.html` out of the log, which holds every part of a resumed run. */
export async function writeReport(
  { title, run, facts }: Omit<WatchedRun, 'output'>,
  pictures?: Pictures,
): Promise<void> {
  const events = parseLog(await readFile(run.log, 'utf8'));
  const shown = pictures ? { pictures } : {};
  await writeAtomically(run.report, trainingReport({ title, events: lastCourse(events), facts, ...shown }));
}

/** The pictures of the report as files. */
export async function writePictures(run: RunFolder, pictures: Pictures): Promise<void> {
  for (const [heading, list] of Object.entries(pictures)) {
    const name = heading.toLowerCase().replace(/[^a-z0-9]+/g, '-');
    for (const [i, { dataUri }] of list.entries()) {
      const bytes = Buffer.from(dataUri.slice(dataUri.indexOf(',') + 1), 'base64');
      await writeAtomically(join(run.folder, 'pictures', `${name}-${i + 1}.png`), bytes);
    }
  }
}
