import { GlidError } from '@glid/base';
import type { Collectives } from './collectives.ts';

/** Ranks that live in this process: for trying data-parallel code without an MPI, and for tests. */
export function local(size: number): readonly Collectives[] {
  if (!(Number.isInteger(size) && size >= 1)) {
    throw new GlidError('GLID_USAGE', `A group of ${size} ranks was asked for.`, {
      fix: 'Give a whole number of at least 1.',
    });
  }
  const meet = meetingPoint(size);
  return Array.from({ length: size }, (_, rank) => ({
    rank,
    size,
    async allReduceSum(values) {
      const all = await meet(rank, 'allReduceSum', values.slice());
      values.fill(0);
      for (const other of all) for (let i = 0; i < values.length; i++) values[i]! += other[i]!;
    },
    async broadcast(values, root = 0) {
      values.set((await meet(rank, 'broadcast', values.slice()))[root]!);
    },
    async barrier() {
      await meet(rank, 'barrier', new Float32Array(0));
    },
  }));
}

/** Every rank's values, once all have come. */
function meetingPoint(
  size: number,
): (rank: number, call: string, values: Float32Array) => Promise<readonly Float32Array[]> {
  let here: { values: Float32Array[]; count: number; call: string; done: PromiseWithResolvers } | undefined;
  return (rank, call, values) => {
    here ??= { values: [], count: 0, call, done: withResolvers() };
    const now = here;
    if (now.call !== call || now.values.some((other) => other.length !== values.length)) {
      const what = `Rank ${rank} called ${call} with ${values.length} floats while another called ${now.call}.`;
      now.done.reject(
        new GlidError('GLID_USAGE', what, { fix: 'Make the same calls in the same order on every rank.' }),
      );
      return now.done.promise;
    }
    now.values[rank] = values;
    if (++now.count === size) {
      here = undefined;
      now.done.resolve(now.values);
    }
    return now.done.promise;
  };
}

interface PromiseWithResolvers {
  readonly promise: Promise<readonly Float32Array[]>;
  readonly resolve: (values: readonly Float32Array[]) => void;
  readonly reject: (error: Error) => void;
}

function withResolvers(): PromiseWithResolvers {
  let resolve!: PromiseWithResolvers['resolve'];
  let reject!: PromiseWithResolvers['reject'];
  const promise = new Promise<readonly Float32Array[]>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
