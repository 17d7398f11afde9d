import { finetune } from '@glid/core/train';
import { memory } from '@tensorflow/tfjs-core';
import { openCuda } from './open.ts';
import { type StepResult, verdict } from './step.ts';
import { detectionModel, endless, type Size, trainingBatch } from './workload.ts';

/** Training steps, after which neither tensors nor memory may have grown since the first tenth. */
export async function soak({ parity, soakSteps }: Size): Promise<StepResult> {
  const backend = await openCuda('tf32');
  const model = await detectionModel(parity.model, parity.side, 20);
  const data = endless(trainingBatch(parity.batch, parity.side));
  const seen: { tensors: number; reserved: number }[] = [];
  const failures: string[] = [];
  for await (const event of finetune({ model, data, steps: soakSteps, optimizer: { learningRate: 1e-5 } })) {
    if (event.type === 'failed') throw event.error;
    if (event.type === 'step') seen.push({ tensors: memory().numTensors, reserved: backend.bytesReserved() });
  }
  const [first, last] = [seen[Math.floor(soakSteps / 10)]!, seen.at(-1)!];
  if (seen.length !== soakSteps) failures.push(`${seen.length} steps ran`);
  if (last.tensors !== first.tensors) failures.push(`${last.tensors - first.tensors} tensors more`);
  if (last.reserved !== first.reserved) failures.push(`${last.reserved - first.reserved} bytes more`);
  model.dispose();
  await backend.dispose();
  const growth = [{ what: 'memory growth while training', value: last.reserved - first.reserved, unit: 'bytes' }];
  return verdict(failures, `${soakSteps} training steps, counts of tensors and bytes`, growth);
}
