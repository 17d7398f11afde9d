// One rank of a training job: `mpirun -n 2 node --import tsx … rank.ts MODE FOLDER`, which writes what it finds, a JSON object a line, to
// FOLDER/RANK.jsonl. Modes: `train`; `throw` and `kill`, where rank 1 dies at step 3; `stop`, where rank 1's signal fires at step 3;
// `calls`, which checks the collective calls alone.
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
import { type Objective, train } from '@glid/core/train';
import { enableProdMode, setBackend } from '@tensorflow/tfjs-core';
import { flatten, microObjective, microParameters, microPlan, microSource } from '../../core/test/training/micro.ts';
import { mpi } from '../src/index.ts';

const [mode, folder] = process.argv.slice(2) as [string, string];
enableProdMode();
await setBackend('cpu');
const collectives = await mpi();
const { rank, size } = collectives;
const say = (what: object): void =>
  appendFileSync(join(folder, `${rank}.jsonl`), `${JSON.stringify({ rank, at: Date.now(), ...what })}\n`);

if (mode === 'calls') {
  const sum = Float32Array.from({ length: 100_000 }, (_, i) => rank + (i % 7));
  await collectives.allReduceSum(sum);
  const sent = Float32Array.of(rank + 5, rank + 6);
  await collectives.broadcast(sent, 1);
  await collectives.barrier();
  say({ sum: [sum[0], sum[8], sum.length], sent: [...sent] });
} else {
  /** Without chance: one process with twice the batch must see the same. */
  const quiet: Objective = {
    ...(microObjective as Objective),
    draw: (batch) => new Float32Array(batch.images.shape[0] * 8),
  };
  const stop = new AbortController();
  const plan = microPlan({
    objective: quiet,
    // Different weights on every rank: those of rank 0 must win.
    parameters: microParameters(1 + rank),
    source: microSource({ batchSize: 8 / size, rank, world: size }),
    steps: 12,
    optimizer: { learningRate: 0.02, weightDecay: 0.01, clip: 0.5 },
    average: { decay: 0.9 },
    signal: stop.signal,
    collectives,
    evaluation: { everySteps: 4, metric: { name: 'm', better: 'lower' }, run: async () => ({ metrics: { m: 1 } }) },
  });
  for await (const event of train(plan)) {
    if (event.type === 'step')
      say({ step: event.step, loss: event.loss, norm: event.gradientNorm, pictures: event.pictures });
    else say({ event: event.type });
    if (event.step === 3 && rank === 1) {
      if (mode === 'throw') throw new Error('planted failure');
      if (mode === 'kill') process.kill(process.pid, 'SIGKILL');
      if (mode === 'stop') stop.abort();
    }
  }
  say({ weights: [...(await flatten(plan.parameters))] });
}
