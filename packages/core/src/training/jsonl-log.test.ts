import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GlidError } from '@glid/base';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { TrainingEvent } from './events.ts';
import { jsonlLog, lastCourse, parseLog, tee } from './jsonl-log.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'glid-log-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const started = (step: number, resumedFrom: string | null): TrainingEvent => ({
  type: 'started',
  step,
  progress: 0,
  totalSteps: 9,
  resumedFrom,
  trainable: { parameters: 1, numbers: 1 },
  frozen: { parameters: 0, numbers: 0 },
  ranks: 1,
});
const evaluation = (step: number, value: number): TrainingEvent => ({
  type: 'evaluation',
  step,
  progress: 0,
  metrics: { value },
  best: false,
  milliseconds: 1,
});

it('writes what it passes on, survives a half-written line, and keeps the code of an error', async () => {
  const path = join(folder, 'deep', 'run.jsonl');
  const log = await jsonlLog(path);
  const failure = new GlidError('GLID_DATA', 'no picture.', { fix: 'Look.' });
  async function* run(): AsyncGenerator<TrainingEvent> {
    yield started(0, null);
    yield evaluation(2, Number.NaN);
    yield { type: 'failed', step: 2, progress: 0.2, error: failure };
  }
  const seen: string[] = [];
  for await (const event of tee(run(), log)) seen.push(event.type);
  expect(seen).toEqual(['started', 'evaluation', 'failed']);
  await appendFile(path, '{"type":"st');
  const events = parseLog(await readFile(path, 'utf8'));
  expect(events.map((e) => e.type)).toEqual(seen);
  expect(events[1]).toMatchObject({ metrics: { value: 'NaN' } });
  expect(events[2]).toMatchObject({ error: { code: 'GLID_DATA', message: 'no picture. Look.' } });
  expect(() => parseLog('{"a"\n{}\n')).toThrow(/Line 1/);
});

it('counts steps that were made twice once', () => {
  const events = [
    started(0, null),
    evaluation(2, 1),
    evaluation(4, 2),
    evaluation(6, 3),
    started(4, 'step-4'),
    evaluation(6, 4),
  ];
  const course = lastCourse(events);
  expect(course.filter((e) => e.type === 'evaluation').map((e) => [e.step, e.metrics.value])).toEqual([
    [2, 1],
    [4, 2],
    [6, 4],
  ]);
  expect(lastCourse([...events, started(0, null)])).toHaveLength(1);
});

it('tells when the log cannot be written', async () => {
  const log = await jsonlLog('/dev/null/impossible/run.jsonl');
  await expect(log(started(0, null))).rejects.toThrow(expect.objectContaining({ code: 'GLID_IO' }));
});
