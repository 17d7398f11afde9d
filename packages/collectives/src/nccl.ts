import { GlidError } from '@glid/base';
import type { Collectives, DeviceTensor } from './collectives.ts';
import { type Nccl, ncclFloat32, ncclSum, openNccl, uniqueIdBytes } from './nccl-library.ts';

/** What NCCL must know of a CUDA backend: where tensors lie and on which stream they are computed. `cuda().create()` gives it. */
export interface CudaMemory {
  /** The compute stream. */
  readonly stream: number;
  /** The device address of a tensor's values. */
  addressOf(tensor: DeviceTensor): number;
  /** A new tensor of the same shape, whose values are whatever the memory held. */
  like(tensor: DeviceTensor): DeviceTensor;
}

export interface NcclOptions {
  /** The backend's memory: `backend.memory` of the CUDA backend that is in use. */
  readonly memory: CudaMemory;
  /** How the processes find each other, and how they exchange the few numbers that live on the host: `mpi()` or `tcp(…)`. */
  readonly over: Collectives;
  /** Files or folders of libnccl, looked at before all others. */
  readonly libraries?: readonly string[];
}

/** Collectives between GPUs, one process each. */
export interface NcclCollectives extends Collectives {
  readonly onDevice: NonNullable<Collectives['onDevice']>;
  /** NCCL's own number of its version, such as 23007 for 2.30.7. */
  readonly version: number;
  /** Frees the communicator; `over` stays open. */
  dispose(): void;
}

/**
 * Sums of tensors by NCCL, in the device's memory and on its stream: nothing is copied to the host and nothing waits. Every rank calls it
 * together; it returns when all have. Numbers on the host go through `over`.
 * @throws GLID_BACKEND_UNAVAILABLE when koffi or NCCL is missing, with every place that was tried
 * @throws GLID_DEVICE_ERROR when NCCL refuses, for example two ranks on one GPU
 */
export async function nccl({ memory, over, libraries = [] }: NcclOptions): Promise<NcclCollectives> {
  const library = await openNccl(libraries);
  const { rank, size } = over;
  const version = new Int32Array(1);
  check(library, library.ncclGetVersion(version), 'ncclGetVersion');
  const communicator = await join(library, over);
  let disposed = false;
  const run = (call: 'ncclAllReduce' | 'ncclBroadcast', tensor: DeviceTensor, how: readonly number[]): DeviceTensor => {
    if (disposed) throw new GlidError('GLID_USAGE', 'The communicator was disposed.', { fix: 'Make another.' });
    if (tensor.dtype !== 'float32') {
      throw new GlidError('GLID_USAGE', `NCCL was given a tensor of ${tensor.dtype}.`, { fix: 'Cast it to float32.' });
    }
    const result = memory.like(tensor);
    const count = tensor.shape.reduce((product, n) => product * n, 1);
    const [from, to] = [memory.addressOf(tensor), memory.addressOf(result)];
    const code = library[call](from, to, count, ncclFloat32, ...how, communicator, memory.stream);
    check(library, code, call, communicator);
    return result;
  };
  return {
    rank,
    size,
    version: version[0]!,
    allReduceSum: (values) => over.allReduceSum(values),
    broadcast: (values, root) => over.broadcast(values, root),
    barrier: () => over.barrier(),
    onDevice: {
      allReduceSum: (tensor) => run('ncclAllReduce', tensor, [ncclSum]),
      broadcast: (tensor, root = 0) => run('ncclBroadcast', tensor, [root]),
    },
    dispose() {
      if (disposed) return;
      disposed = true;
      check(library, library.ncclCommDestroy(communicator), 'ncclCommDestroy');
    },
  };
}

/** Rank 0 makes the id, `over` tells the others, all join. */
async function join(library: Nccl, over: Collectives): Promise<number> {
  const id = new Uint8Array(uniqueIdBytes);
  if (over.rank === 0) check(library, library.ncclGetUniqueId(id), 'ncclGetUniqueId');
  // As numbers: the bytes as they are could be NaNs, which not everything carries unchanged.
  const carried = Float32Array.from(id);
  await over.broadcast(carried, 0);
  const out = new BigUint64Array(1);
  const internal = Uint8Array.from(carried);
  check(library, library.ncclCommInitRank(out, over.size, { internal }, over.rank), 'ncclCommInitRank');
  return Number(out[0]);
}

function check(library: Nccl, code: number, call: string, communicator = 0): void {
  if (code === 0) return;
  const [what, more] = [library.ncclGetErrorString(code), library.ncclGetLastError(communicator)];
  throw new GlidError('GLID_DEVICE_ERROR', `${call} failed: ${what} (${code})${more ? `, ${more}` : ''}.`, {
    fix: 'Give each process a GPU of its own (CUDA_VISIBLE_DEVICES) and see that all ranks make the same calls; NCCL_DEBUG=INFO says more.',
    details: { call, code },
  });
}
