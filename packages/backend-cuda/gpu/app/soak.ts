import { finetune } from '@glid/core/train';
import { memory } from '@tensorflow/tfjs-core';
import { openCuda } from './open.ts';
import { type StepResult, verdict } from './step.ts';
import type { Setting } from './steps.ts';
import { detectionModel, endless, trainingBatch } from './workload.ts';

/** Training steps, after which neither tensors nor memory may have grown since the first tenth. */
export async function soak({ size: { parity, soakSteps }, progress }: Setting): Promise<StepResult> {
  const backend = await openCuda('tf32');
  const model = await detectionModel(parity.model, parity.side, parity.queries);
  const data = endless(trainingBatch(parity.batch, parity.side));
  const seen: { tensors: number; reserved: number }[] = [];
  const failures: string[] = [];
  const tenth = Math.floor(soakSteps / 10);
  for await (const event of finetune({ model, data, steps: soakSteps, optimizer: { learningRate: 1e-5 } })) {
    if (event.type === 'failed') throw event.error;
    if (event.type !== 'step') continue;
    seen.push({ tensors: memory().numTensors, reserved: backend.bytesReserved() });
    if (seen.length % 10 !== 0) continue;
    const start = seen[tenth] ?? seen.at(-1)!;
    const [tensors, bytes] = [seen.at(-1)!.tensors - start.tensors, seen.at(-1)!.reserved - start.reserved];
    progress.note(`${seen.length} of ${soakSteps} training steps, ${tensors} tensors and ${bytes} bytes more`);
  }
  const [first, last] = [seen[tenth]!, seen.at(-1)!];
  if (seen.length !== soakSteps) failures.push(`${seen.length} steps ran`);
  if (last.tensors !== first.tensors) failures.push(`${last.tensors - first.tensors} tensors more`);
  if (last.reserved !== first.reserved) failures.push(`${last.reserved - first.reserved} bytes more`);
  const value = last.reserved - first.reserved;
  progress.row({ who: 'cuda tf32', what: 'growth of memory while training', value, unit: 'bytes' });
  model.dispose();
  await backend.dispose();
  return verdict(failures, `${soakSteps} training steps, counts of tensors and bytes`);
}
