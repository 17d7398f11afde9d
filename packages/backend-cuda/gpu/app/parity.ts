import '@glid/ops/gradients';
import type { Precision } from '@glid/backend-cuda';
import { checkCase, opCases } from '../../../ops/test/suite/index.ts';
import { tolerances } from '../../test/precision.ts';
import { openCuda } from './open.ts';
import { computeNumbers, readNumbers } from './reference.ts';
import { type Row, type StepResult, verdict } from './step.ts';
import type { Size } from './workload.ts';

const norm = (values: Float32Array): number => Math.sqrt(values.reduce((sum, v) => sum + v * v, 0));

/** Every operation against its float64 reference, then the model against the numbers that wasm computed for the pack. */
export async function parity(size: Size, folder: string, precision: Precision): Promise<StepResult> {
  const backend = await openCuda(precision);
  const failures: string[] = [];
  const allowed = tolerances[precision];
  const cases = opCases.filter((_, i) => i % size.everyCase === 0);
  for (const c of cases) {
    const tolerance = allowed.ofOperation(c);
    await checkCase({ ...c, tolerance }).catch((error: Error) => failures.push(error.message));
  }
  const [expected, got] = [readNumbers(folder), await computeNumbers(size)];
  const whole = Math.hypot(...gradientsOf(expected).map(([, values]) => norm(values)));
  let [outputs, gradients] = [0, 0];
  for (const [name, values] of Object.entries(expected)) {
    const distance = norm(values.map((value, i) => value - got[name]![i]!));
    // Gradients that are zero but for rounding are measured against all.
    const scale = name.startsWith('gradient') ? Math.max(norm(values), 1e-3 * whole) : norm(values);
    const error = distance / scale;
    if (name.startsWith('gradient')) gradients = Math.max(gradients, error);
    else outputs = Math.max(outputs, error);
    const most = name.startsWith('gradient') ? allowed.gradients : allowed.outputs;
    if (!(error <= most)) failures.push(`${name}: relative error ${error.toExponential(1)}, allowed ${most}`);
  }
  const rows: Row[] = [
    { what: `model outputs in ${precision}, largest relative error`, value: outputs, unit: '' },
    { what: `model gradients in ${precision}, largest relative error`, value: gradients, unit: '' },
  ];
  await backend.dispose();
  return verdict(failures, `${cases.length} operations and ${Object.keys(expected).length} tensors`, rows);
}

function gradientsOf(numbers: Readonly<Record<string, Float32Array>>): [string, Float32Array][] {
  return Object.entries(numbers).filter(([name]) => name.startsWith('gradient'));
}
