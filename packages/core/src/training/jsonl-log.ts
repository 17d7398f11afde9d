import { GlidError } from '@glid/base';
import { nodeModules } from '../weights/platform/node.ts';
import { eventLine, type TrainingEvent } from './events.ts';

/** Takes every event as it happens. */
export type EventSink = (event: TrainingEvent) => void | Promise<void>;

/** Hands each event to the sinks before passing it on. */
export async function* tee(
  events: AsyncIterable<TrainingEvent>,
  ...sinks: readonly EventSink[]
): AsyncGenerator<TrainingEvent, void, undefined> {
  for await (const event of events) {
    for (const sink of sinks) await sink(event);
    yield event;
  }
}

/** Appends one line of JSON an event to a file (Node). A resumed run goes on in the same file. */
export async function jsonlLog(path: string): Promise<EventSink> {
  const node = nodeModules();
  if (!node) {
    throw new GlidError('GLID_USAGE', 'There is no file system here.', { fix: 'Keep `eventLine(event)` elsewhere.' });
  }
  const { appendFile, mkdir } = node.fs;
  const { dirname } = node.path;
  return async (event) => {
    try {
      await mkdir(dirname(path), { recursive: true });
      await appendFile(path, `${eventLine(event)}\n`);
    } catch (error) {
      throw new GlidError(
        'GLID_IO',
        `Writing the log ${path} failed: ${error instanceof Error ? error.message : error}.`,
        {
          fix: 'Check the disk and the path; the run can be resumed from its last checkpoint.',
          cause: error,
        },
      );
    }
  };
}

/**
 * Events out of a log. A half-written last line, as a killed process leaves it, is dropped.
 * @throws GLID_DATA with the number of the line that is not an event
 */
export function parseLog(text: string): TrainingEvent[] {
  const lines = text.split('\n');
  const events: TrainingEvent[] = [];
  for (const [i, line] of lines.entries()) {
    if (line === '') continue;
    try {
      events.push(JSON.parse(line) as TrainingEvent);
    } catch (error) {
      if (i === lines.length - 1) break;
      throw new GlidError('GLID_DATA', `Line ${i + 1} of the training log is not JSON.`, {
        fix: 'Remove that line, or use an undamaged log.',
        cause: error,
      });
    }
  }
  return events;
}

/** The course that led to the newest state: steps that a crash undid, and that were then made again, count once. */
export function lastCourse(events: readonly TrainingEvent[]): TrainingEvent[] {
  let course: TrainingEvent[] = [];
  for (const event of events) {
    if (event.type === 'started') course = event.resumedFrom === null ? [] : course.filter((e) => e.step <= event.step);
    course.push(event);
  }
  return course;
}
