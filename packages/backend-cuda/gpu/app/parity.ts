import '@glid/ops/gradients';
import type { Precision } from '@glid/backend-cuda';
import { checkCase, opCases } from '../../../ops/test/suite/index.ts';
import { tolerances } from '../../test/precision.ts';
import { openCuda } from './open.ts';
import { computeNumbers, type Numbers, norm, parityModel, readNumbers } from './reference.ts';
import { type StepResult, verdict } from './step.ts';
import type { Setting } from './steps.ts';

/** Every operation against its float64 reference, then the model against the numbers that wasm computed for the pack. */
export async function parity({ size, folder, progress }: Setting, precision: Precision): Promise<StepResult> {
  const backend = await openCuda(precision);
  const failures: string[] = [];
  const allowed = tolerances[precision];
  const cases = opCases.filter((_, i) => i % size.everyCase === 0);
  for (const [i, c] of cases.entries()) {
    if (i % 10 === 0) progress.note(`${i} of ${cases.length} operations, ${failures.length} failures`);
    const tolerance = allowed.ofOperation(c);
    await checkCase({ ...c, tolerance }).catch((error: Error) => failures.push(error.message));
  }
  progress.note(`${cases.length} operations, ${failures.length} failures; the model`);
  const model = await parityModel(size.parity);
  const [expected, got] = [readNumbers(folder), await computeNumbers(model, size.parity)];
  const names = Object.keys(expected);
  const gradients = names.filter((name) => name.startsWith('gradient'));
  const whole = normOfAll(expected, gradients);
  const least = allowed.gradientShare * whole;
  const check = (what: string, error: number, most: number): number => {
    if (!(error <= most)) failures.push(`${what}: relative error ${error.toExponential(1)}, allowed ${most}`);
    return error;
  };
  const distances: Record<string, Float32Array> = {};
  for (const name of names) distances[name] = expected[name]!.map((value, i) => value - got[name]![i]!);
  const outputs = names
    .filter((name) => !gradients.includes(name))
    .map((name) => check(name, norm(distances[name]!) / norm(expected[name]!), allowed.outputs));
  const each = gradients.map((name) =>
    check(name, norm(distances[name]!) / Math.max(norm(expected[name]!), least), allowed.gradients),
  );
  const all = check('all gradients together', normOfAll(distances, gradients) / whole, allowed.gradients);
  const row = (what: string, value: number): void =>
    progress.row({ who: `cuda ${precision}`, what: `relative error of the model's ${what}`, value, unit: '' });
  row('outputs', Math.max(...outputs));
  row('gradients together', all);
  row(`worst gradient, of ${least === whole ? 'the norm of all' : 'its own norm'}`, Math.max(...each));
  model.dispose();
  await backend.dispose();
  return verdict(
    failures,
    `${cases.length} operations and ${names.length} tensors; allowed errors: outputs ${allowed.outputs}, gradients ${allowed.gradients}`,
  );
}

const normOfAll = (numbers: Numbers, names: readonly string[]): number =>
  Math.hypot(...names.map((name) => norm(numbers[name]!)));
