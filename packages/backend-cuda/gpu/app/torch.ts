import { spawn, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ModelConfig } from '@glid/core';
import type { HostArray } from '@glid/head-kit';
import { resolveModelConfig } from '../../../core/src/model/model-config.ts';
import { writeSafetensors } from '../../../core/src/weights/safetensors/index.ts';
import { openCuda } from './open.ts';
import { parityModel, readNumbers } from './reference.ts';
import { absent, type Row, type StepResult, verdict } from './step.ts';
import type { Setting } from './steps.ts';
import { type DetectionModel, labels, trainingBatch } from './workload.ts';

/** Beyond rounding: PyTorch adds up in other orders. */
const mostError = 1e-4;

/** What glid_torch.py needs to build the model. */
const detector = (
  config: ModelConfig,
  { side, queries }: { readonly side: number; readonly queries: number },
): Record<string, unknown> => ({ config, side, queries, classes: labels.length });

/** PyTorch's model with our parameters against the numbers that wasm computed for the archive: it is the same model. */
export async function parityTorch(setting: Setting): Promise<StepResult> {
  const missing = withoutTorch();
  if (missing) return absent(missing);
  const backend = await openCuda('float32');
  const model = await parityModel(setting.size.parity);
  const weights = join(setting.out, 'torch.safetensors');
  writeFileSync(weights, await parityFile(model, setting));
  const call = ['parity', JSON.stringify({ ...detector(model.config, setting.size.parity), weights })];
  model.dispose();
  await backend.dispose();
  return await python(setting, call, ({ value, what }) =>
    value <= mostError ? undefined : `${what}: ${value.toExponential(1)}, allowed ${mostError}`,
  );
}

/** Parameters, the picture noise they see, and what must come out. */
async function parityFile(
  model: DetectionModel,
  { size: { parity }, folder }: Pick<Setting, 'size' | 'folder'>,
): Promise<Uint8Array> {
  const tensors = new Map<string, HostArray>();
  for (const [name, parameter] of Object.entries(model.parameters)) {
    tensors.set(name, { data: (await parameter.data()) as Float32Array, shape: parameter.shape });
  }
  tensors.set('images', trainingBatch(parity.batch, parity.side).images as HostArray);
  const expected = readNumbers(folder);
  for (const output of ['logits', 'boxes']) {
    const data = expected[`output ${output}.0`]!;
    tensors.set(`expected.${output}`, { data, shape: [data.length] });
  }
  return writeSafetensors(tensors);
}

/** The same work in PyTorch, where this machine has it: eager, compiled, and compiled with CUDA graphs. */
export async function benchmarkTorch(setting: Setting): Promise<StepResult> {
  const missing = withoutTorch();
  if (missing) return absent(missing);
  const { benchmark } = setting.size;
  const { batch, trainingBatch: together, runs } = benchmark;
  const model = detector(resolveModelConfig(benchmark.model), benchmark);
  return await python(setting, ['benchmark', JSON.stringify({ ...model, batch, trainingBatch: together, runs })]);
}

function withoutTorch(): string | undefined {
  const found = spawnSync('python3', ['-c', 'import torch; print(torch.cuda.is_available())'], { encoding: 'utf8' });
  if (found.error || found.status !== 0) return 'PyTorch: no python3 with torch';
  return found.stdout.trim() === 'True' ? undefined : 'PyTorch: it sees no CUDA device';
}

/** Runs glid_torch.py, which prints a JSON object a line: a row, or `{ "note": … }`. `judge` says what is wrong with a row. */
async function python(
  { folder, progress }: Setting,
  call: readonly string[],
  judge: (row: Row) => string | undefined = () => undefined,
): Promise<StepResult> {
  const child = spawn('python3', [join(folder, 'glid_torch.py'), ...call], { stdio: ['ignore', 'pipe', 'pipe'] });
  const failures: string[] = [];
  let note = 'PyTorch';
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-4000);
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  for await (const line of createInterface(child.stdout)) {
    if (!line.startsWith('{')) continue;
    const said = JSON.parse(line) as Row | { readonly note: string };
    if ('note' in said) {
      note = said.note;
      progress.note(note);
      continue;
    }
    progress.row(said);
    const wrong = judge(said);
    if (wrong) failures.push(wrong);
  }
  const status = await ended;
  if (status !== 0) failures.push(complaint.trim().split('\n').at(-1) ?? `exit code ${status}`);
  return verdict(failures, note);
}
