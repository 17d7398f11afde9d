/**
 * Two processes, one model: each sees half of every batch, gradients are summed between them, all make the same update.
 *
 *   mpirun -n 2 node --import tsx --conditions=@glid/source examples/node/data-parallel.ts [STEPS]
 *
 * Needs Open MPI and koffi. Without mpirun it is a job of one process.
 */
import { createHash } from 'node:crypto';
import { wasm } from '@glid/backend-wasm';
import { mpi } from '@glid/collectives';
import { createModel, headOf, useBackend } from '@glid/core';
import { finetune } from '@glid/core/train';
import { batchSource, keepInMemory, presets, syntheticScenes } from '@glid/data';
import { depth } from '@glid/head-depth';

const steps = Number(process.argv[2] ?? 4);
const size = [64, 64] as const;

const collectives = await mpi();
const { rank, size: world } = collectives;
await useBackend([wasm({ nativeThreads: 1 })]); // processes share the machine's cores

// Other weights on each rank, to show that everybody starts from rank 0's.
using model = await createModel({ backbone: 'nano', heads: { depth: headOf(depth, { bins: 16 }) }, seed: rank });
const data = batchSource({
  dataset: keepInMemory(syntheticScenes({ seed: 1, length: 16, size })),
  sources: model.heads,
  pipeline: presets.small.depth.train({ size }),
  batchSize: 2,
  seed: 1,
  rank,
  world, // which part of the data is mine
});
for await (const event of finetune({ model, data, steps, collectives, optimizer: { learningRate: 1e-3 } })) {
  if (event.type !== 'step') continue;
  const { data: waiting, gradients, exchange } = event.milliseconds;
  const times = `data ${waiting.toFixed(0)}, gradients ${gradients.toFixed(0)}, exchange ${exchange.toFixed(0)} ms`;
  console.log(`rank ${rank} of ${world}, step ${event.step}: loss ${event.loss.toFixed(4)} (${times})`);
}

const hash = createHash('sha256');
for (const name of Object.keys(model.parameters).sort()) hash.update(await model.parameters[name]!.data());
console.log(`rank ${rank} of ${world}: weights ${hash.digest('hex').slice(0, 16)}`);
