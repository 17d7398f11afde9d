import type { Collectives } from './collectives.ts';
import { openMpi } from './open-mpi.ts';

export interface MpiOptions {
  /** Default `libmpi.so.40`, Open MPI 4's name on Linux. */
  readonly library?: string;
}

/** A process of an MPI job. */
export interface MpiCollectives extends Collectives {
  /** Prints why and ends every process of the job, this one too. */
  abort(reason: string): never;
}

let opened: Promise<MpiCollectives> | undefined;

/**
 * This process as a rank of a job that `mpirun`, Slurm or an MPI operator started. Without a launcher it is rank 0 of 1.
 * MPI is initialised once and finalised when the process ends in order. A process that ends otherwise, by an uncaught error or a
 * non-zero exit code, ends the whole job with a message: the others would wait for it forever.
 * @throws GLID_BACKEND_UNAVAILABLE when koffi or Open MPI is missing
 */
export function mpi(options: MpiOptions = {}): Promise<MpiCollectives> {
  opened ??= open(options.library ?? 'libmpi.so.40');
  return opened;
}

async function open(library: string): Promise<MpiCollectives> {
  const native = await openMpi(library);
  const { rank, size } = native;
  // Node prints an uncaught error only after the exit handlers, which is too late here.
  process.on('uncaughtExceptionMonitor', (error) => process.stderr.write(`${error.stack ?? error}\n`));
  process.once('exit', (code) => {
    if (code === 0) native.finalize();
    else {
      process.stderr.write(`glid: rank ${rank} of ${size} ended with code ${code}; the whole job is stopped.\n`);
      native.abort(code);
    }
  });
  return {
    rank,
    size,
    allReduceSum: (values) => native.allReduceSum(values),
    broadcast: (values, root = 0) => native.broadcast(values, root),
    barrier: () => native.barrier(),
    abort(reason) {
      process.stderr.write(`glid: rank ${rank} of ${size}: ${reason}\n`);
      process.exit(1);
    },
  };
}
