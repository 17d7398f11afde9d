// One rank of a job on simulated GPUs: `mpirun -n 2 node … nccl-rank.ts LIBRARY`, or `… LIBRARY RANK SIZE PORT` over TCP. Trains the same
// model twice, once with gradients summed on the host and once by NCCL, and prints whether the weights are the same bits.
import { createHash } from 'node:crypto';
import '@glid/ops/gradients';
import { cuda } from '@glid/backend-cuda';
import { type Objective, train } from '@glid/core/train';
import { enableProdMode, engine, setBackend, tensor } from '@tensorflow/tfjs-core';
import { flatten, microObjective, microParameters, microPlan, microSource } from '../../core/test/training/micro.ts';
import { type Collectives, mpi, nccl, tcp } from '../src/index.ts';

const [library, ...place] = process.argv.slice(2) as [string, ...string[]];
enableProdMode();
const [rank, size, port] = place.map(Number);
const over =
  rank === undefined
    ? await mpi()
    : await tcp({ rank, size: size!, host: '127.0.0.1', port: port!, timeoutSeconds: 120 });
const candidate = cuda({ libraries: [library], cacheFolder: false, precision: 'float32' });
const backend = await candidate.create();
if (!(await setBackend('cuda'))) throw new Error('the backend does not start');
const fast = await nccl({ memory: backend.memory, over, libraries: [library] });

const own = tensor([over.rank + 1, 10], [2]);
const read = async (info: object): Promise<number[]> =>
  Array.from(
    await engine()
      .makeTensorFromTensorInfo(info as never)
      .data(),
  );
const calls = {
  sum: await read(fast.onDevice.allReduceSum(own)),
  sent: await read(fast.onDevice.broadcast(own, over.size - 1)),
  kept: Array.from(await own.data()),
};

/** What the host moved for a run, in floats: the longest call. */
let longest = 0;
const watched = (inner: Collectives): Collectives => ({
  ...inner,
  allReduceSum(values) {
    longest = Math.max(longest, values.length);
    return inner.allReduceSum(values);
  },
  broadcast(values, root) {
    longest = Math.max(longest, values.length);
    return inner.broadcast(values, root);
  },
});

async function trained(collectives: Collectives): Promise<{ bits: string; losses: number[]; longest: number }> {
  longest = 0;
  const plan = microPlan({
    objective: microObjective as Objective,
    // Different weights on every rank: those of rank 0 must win.
    parameters: microParameters(1 + over.rank),
    source: microSource({ batchSize: 4, rank: over.rank, world: over.size }),
    steps: 4,
    optimizer: { learningRate: 0.02, weightDecay: 0.01, clip: 0.5 },
    collectives: watched(collectives),
  });
  const losses: number[] = [];
  for await (const event of train(plan)) if (event.type === 'step') losses.push(event.loss);
  const weights = Float32Array.from(await flatten(plan.parameters));
  // Short lines: what two ranks print at once may interleave within long ones.
  const bits = createHash('sha256').update(new Uint8Array(weights.buffer)).digest('hex');
  return { bits, losses, longest };
}

const [onHost, onDevice] = [await trained(over), await trained(fast)];
process.stdout.write(`${JSON.stringify({ rank: over.rank, version: fast.version, calls, onHost, onDevice })}\n`);
await over.barrier();
fast.dispose();
await backend.dispose();
if ('close' in over) (over as { close(): void }).close();
