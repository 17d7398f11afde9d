import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Machine } from './machine.ts';
import { printReport, type Report, type StepReport } from './report.ts';
import type { StepResult } from './step.ts';
import { steps } from './steps.ts';
import type { Size } from './workload.ts';
import { writeJson } from './write-json.ts';

/** What the archive says of itself. */
export interface Pack {
  readonly size: Size['name'];
  readonly date: string;
}

interface Surroundings {
  readonly app: string;
  readonly out: string;
  readonly pack: Pack;
}

/** Less is not worth a start. */
const fewestSeconds = 5;

/**
 * Does steps one after the other, each in a process of its own, so that none stops the others, and writes `results.json` after each; steps that
 * were done before with the same archive stay in it. Gives the exit code: 0 when none of these steps has failed or was cut short.
 */
export async function runSteps(names: readonly string[], { app, out, pack }: Surroundings): Promise<number> {
  mkdirSync(out, { recursive: true });
  const file = join(out, 'results.json');
  const end = Date.now() + 60_000 * minutesInAll();
  let report = earlier(file, pack);
  let cudaStarts = true;
  let bad = 0;
  for (const name of names) {
    const { minutes, onCuda } = steps[name]!;
    const begun = Date.now();
    const seconds = Math.min(60 * minutes, (end - begun) / 1000);
    let result: StepResult & { readonly machine?: Machine };
    if (seconds < fewestSeconds) result = { status: 'skipped', note: 'no time was left' };
    else if (onCuda && !cudaStarts)
      result = { status: 'skipped', note: "the CUDA backend does not start: see 'machine'" };
    else result = await runStep(name, seconds, app, out);
    const { machine, ...said } = result;
    if (name === 'machine') cudaStarts = result.status === 'ok';
    const took = Math.round((Date.now() - begun) / 100) / 10;
    const done: StepReport = { step: name, date: new Date(begun).toISOString(), seconds: took, ...said };
    const changed = { date: new Date().toISOString(), machine: machine ?? report.machine };
    report = { ...report, ...changed, steps: withStep(report.steps, done) };
    writeJson(file, report);
    if (said.status !== 'ok' && said.status !== 'absent') bad++;
    console.log(`${name.padEnd(19)} ${said.status} after ${took} s`);
  }
  printReport(report);
  return bad === 0 ? 0 : 1;
}

/** Minutes that all steps of one call may take together, `GLID_GPU_MINUTES`. */
function minutesInAll(): number {
  const given = process.env.GLID_GPU_MINUTES;
  if (!given) return Number.POSITIVE_INFINITY;
  const minutes = Number(given);
  if (!(minutes > 0)) throw new Error(`GLID_GPU_MINUTES is '${given}': give a number of minutes, for example 9.`);
  return minutes;
}

function earlier(file: string, pack: Pack): Report {
  if (existsSync(file)) {
    const report = JSON.parse(readFileSync(file, 'utf8')) as Report;
    if (report.pack.date === pack.date) return report;
  }
  return { date: '', pack, machine: null, steps: [] };
}

/** What was found before stays where a step is skipped, and what was finished where it is stopped. */
function withStep(reports: readonly StepReport[], done: StepReport): StepReport[] {
  const before = reports.find(({ step }) => step === done.step);
  if (before && (done.status === 'skipped' || (done.status === 'stopped' && before.status === 'ok')))
    return [...reports];
  const order = Object.keys(steps);
  return [...reports.filter(({ step }) => step !== done.step), done].sort(
    (a, b) => order.indexOf(a.step) - order.indexOf(b.step),
  );
}

/** One step in a process of its own, with all that it starts stopped at its time. */
async function runStep(name: string, seconds: number, app: string, out: string): Promise<StepResult> {
  const file = join(out, `${name}.json`);
  rmSync(file, { force: true });
  // Detached: a group of its own, which is ended with the processes that it has started.
  const child = spawn(process.execPath, [app, '--step', name], {
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: true,
  });
  const kill = (): void => {
    try {
      process.kill(-child.pid!, 'SIGKILL');
    } catch {}
  };
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    kill();
  }, 1000 * seconds);
  const giveUp = (): void => {
    kill();
    process.exit(130);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, giveUp);
  const ending = await new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  clearTimeout(timer);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.removeListener(signal, giveUp);
  const said = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as StepResult) : undefined;
  if (late) return { ...said, status: 'stopped', note: `after ${Math.round(seconds)} s; ${said?.note ?? 'begun'}` };
  // A process that a fault has ended has left what it said on its way, or nothing.
  if (said === undefined || said.status === 'stopped') {
    return { ...said, status: 'failed', note: `the process ended with ${ending}; ${said?.note ?? 'it said nothing'}` };
  }
  return said;
}
