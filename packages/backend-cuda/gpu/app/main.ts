// What runs on the machine with the GPU: `node app.mjs` does all steps, each in a process of its own, so that none stops the others.
// `node app.mjs <step>` does one and writes what it found to $GLID_GPU_OUT/<step>.json.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { benchmarkCuda, benchmarkWebGpu } from './benchmark.ts';
import { conformance } from './conformance.ts';
import { machine } from './machine.ts';
import { operations } from './operations.ts';
import { parity } from './parity.ts';
import { printReport, type Report, type StepReport } from './report.ts';
import { sanitizer } from './sanitizer.ts';
import { soak } from './soak.ts';
import type { StepResult } from './step.ts';
import { benchmarkTorch } from './torch.ts';
import { sizes } from './workload.ts';

const app = fileURLToPath(import.meta.url);
const folder = dirname(app);
const out = process.env.GLID_GPU_OUT ?? join(process.cwd(), 'results');
process.env.GLID_GPU_OUT = out;
const { size: sizeName } = JSON.parse(readFileSync(join(folder, 'pack.json'), 'utf8')) as { size: 'full' | 'small' };
const size = sizes[sizeName];

/** A step that hangs is ended. */
const mostMinutes = 60;

/** In this order: what is wrong is known before anything is timed. */
const steps: Readonly<Record<string, () => StepResult | Promise<StepResult>>> = {
  machine,
  'parity-float32': () => parity(size, folder, 'float32'),
  'parity-tf32': () => parity(size, folder, 'tf32'),
  'parity-bf16': () => parity(size, folder, 'bf16'),
  conformance: () => conformance(size, folder),
  sanitizer: () => sanitizer(app),
  soak: () => soak(size),
  'benchmark-tf32': () => benchmarkCuda(size, 'tf32'),
  'benchmark-bf16': () => benchmarkCuda(size, 'bf16'),
  'benchmark-webgpu': () => benchmarkWebGpu(size),
  'benchmark-torch': () => benchmarkTorch(size, folder),
};
/** Not a step of its own: the sanitizer starts it. */
const parts: typeof steps = { operations };

const asked = process.argv[2];
if (asked === undefined) runAll();
else await runOne(asked);

async function runOne(name: string): Promise<void> {
  const step = steps[name] ?? parts[name];
  if (step === undefined) throw new Error(`There is no step '${name}'. They are: ${Object.keys(steps).join(', ')}.`);
  let result: StepResult;
  try {
    result = await step();
  } catch (error) {
    result = { status: 'failed', note: (error as Error).message };
  }
  writeFileSync(join(out, `${name}.json`), JSON.stringify(result));
  process.exit(result.status === 'failed' ? 1 : 0);
}

function runAll(): void {
  mkdirSync(out, { recursive: true });
  const found: StepReport[] = [];
  for (const name of Object.keys(steps)) {
    const file = join(out, `${name}.json`);
    rmSync(file, { force: true });
    process.stdout.write(`${name} …\n`);
    const start = Date.now();
    const { status, signal } = spawnSync(process.execPath, [app, name], {
      stdio: ['ignore', 'inherit', 'inherit'],
      timeout: mostMinutes * 60_000,
      killSignal: 'SIGKILL',
    });
    // A process that a fault has ended leaves no file.
    const result: StepResult = existsSync(file)
      ? (JSON.parse(readFileSync(file, 'utf8')) as StepResult)
      : { status: 'failed', note: `the process ended with ${signal ?? `exit code ${status}`} and said nothing` };
    found.push({ step: name, seconds: (Date.now() - start) / 1000, ...result });
  }
  const [{ note: about }] = found as [StepReport];
  const report: Report = { date: new Date().toISOString(), size: sizeName, machine: about, steps: found };
  writeFileSync(join(out, 'results.json'), `${JSON.stringify(report, undefined, 2)}\n`);
  printReport(report);
  process.exit(found.some(({ status }) => status === 'failed') ? 1 : 0);
}
