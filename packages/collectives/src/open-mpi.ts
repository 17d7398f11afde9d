import { GlidError } from '@glid/base';
import { loadKoffi } from './koffi.ts';

/** The handful of Open MPI functions that are used. Counts are in elements; a result that is not 0 is an MPI error. */
export interface OpenMpi {
  readonly rank: number;
  readonly size: number;
  allReduceSum(values: Float32Array): Promise<void>;
  broadcast(values: Float32Array, root: number): Promise<void>;
  barrier(): Promise<void>;
  /** Ends every process of the job. */
  abort(code: number): void;
  finalize(): void;
}

type Native = ((...args: unknown[]) => number) & { async(...args: unknown[]): void };

/** MPI_THREAD_SERIALIZED: calls come from other threads, but one at a time. */
const serialized = 2;
/** MPI_IN_PLACE. */
const inPlace = 1n;

/**
 * Loads Open MPI and initialises it. Handles are addresses of exported globals, which is Open MPI's way; MPICH, whose handles
 * are numbers, is recognised by their absence.
 * @throws GLID_BACKEND_UNAVAILABLE when koffi or Open MPI is missing or cannot be used
 */
export async function openMpi(library: string): Promise<OpenMpi> {
  const koffi = await loadKoffi('MPI');
  const lib = attempt(
    () => koffi.load(library, { global: true }),
    `Loading ${library} failed`,
    'Install Open MPI (Debian: apt-get install openmpi-bin), or pass `library`.',
  );
  const handle = (name: string): unknown =>
    attempt(() => lib.symbol(name), `${library} is not Open MPI`, 'Use Open MPI: MPICH and its kin are not supported.');
  const pointer = 'void *';
  const native = (name: string, parameters: string[]): Native => lib.func(name, 'int', parameters) as unknown as Native;

  const world = handle('ompi_mpi_comm_world');
  const float = handle('ompi_mpi_float');
  const sum = handle('ompi_mpi_op_sum');
  const initThread = native('MPI_Init_thread', [pointer, pointer, 'int', pointer]);
  const commRank = native('MPI_Comm_rank', [pointer, pointer]);
  const commSize = native('MPI_Comm_size', [pointer, pointer]);
  const allReduce = native('MPI_Allreduce', [pointer, pointer, 'int', pointer, pointer, pointer]);
  const bcast = native('MPI_Bcast', [pointer, 'int', pointer, 'int', pointer]);
  const barrier = native('MPI_Barrier', [pointer]);
  const abort = native('MPI_Abort', [pointer, 'int']);
  const finalize = native('MPI_Finalize', []);

  const cell = new Int32Array(1);
  check('MPI_Init_thread', initThread(null, null, serialized, cell));
  if (cell[0]! < serialized) {
    throw unavailable('This Open MPI was built without thread support', 'Use a build with MPI_THREAD_SERIALIZED.');
  }
  check('MPI_Comm_rank', commRank(world, cell));
  const rank = cell[0]!;
  check('MPI_Comm_size', commSize(world, cell));
  const size = cell[0]!;

  /** Runs on a thread of koffi's, so that the event loop goes on; one after the other. */
  let last: Promise<void> = Promise.resolve();
  const queued = (name: string, call: Native, ...args: unknown[]): Promise<void> => {
    const run = (): Promise<void> =>
      new Promise((done, fail) => {
        call.async(...args, (error: unknown, code: number) => {
          if (error) fail(error);
          else if (code !== 0) fail(mpiError(name, code));
          else done();
        });
      });
    last = last.then(run);
    return last;
  };
  return {
    rank,
    size,
    allReduceSum: (values) => queued('MPI_Allreduce', allReduce, inPlace, values, values.length, float, sum, world),
    broadcast: (values, root) => queued('MPI_Bcast', bcast, values, values.length, float, root, world),
    barrier: () => queued('MPI_Barrier', barrier, world),
    abort: (code) => void abort(world, code),
    finalize: () => check('MPI_Finalize', finalize()),
  };
}

function attempt<T>(work: () => T, what: string, fix: string): T {
  try {
    return work();
  } catch (error) {
    throw unavailable(what, fix, error);
  }
}

function unavailable(what: string, fix: string, cause?: unknown): GlidError {
  const reason = cause instanceof Error ? ` (${cause.message})` : '';
  return new GlidError('GLID_BACKEND_UNAVAILABLE', `${what}${reason}.`, { fix, cause });
}

function mpiError(name: string, code: number): GlidError {
  return new GlidError('GLID_IO', `${name} failed with MPI error ${code}.`, {
    fix: 'Look at the output of mpirun: another rank may have ended.',
    details: { name, code },
  });
}

function check(name: string, code: number): void {
  if (code !== 0) throw mpiError(name, code);
}
