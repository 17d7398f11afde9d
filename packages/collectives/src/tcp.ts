import { createServer, connect as dial, type Socket } from 'node:net';
import { GlidError } from '@glid/base';
import type { Collectives } from './collectives.ts';
import { Frames, frame } from './tcp-frames.ts';

export interface TcpOptions {
  readonly rank: number;
  readonly size: number;
  /** Where rank 0 listens and the others call. */
  readonly host: string;
  readonly port: number;
  /** How long the ranks wait for each other at the start; 60 seconds by default. */
  readonly timeoutSeconds?: number;
}

/** Processes that talk through rank 0 over TCP. */
export interface TcpCollectives extends Collectives {
  /** Hangs up; the others' next call fails. */
  close(): void;
}

/** Opens every connection; what comes first on one: this number, the rank, the size. */
const magic = 0x474c49;

/**
 * Collectives without a launcher: start the processes yourself and tell each its rank. Everything goes through rank 0, so it is meant for
 * the few numbers of a step, with `nccl` for the tensors. Anybody who reaches the port can join: use a private network.
 * @throws GLID_IO when the ranks do not meet in time; later, calls fail with it when a rank is gone
 */
export async function tcp(options: TcpOptions): Promise<TcpCollectives> {
  const { rank, size } = options;
  if (!(Number.isInteger(size) && size >= 1 && Number.isInteger(rank) && rank >= 0 && rank < size)) {
    throw new GlidError('GLID_USAGE', `Rank ${rank} of ${size} was asked for.`, {
      fix: 'Ranks count from 0 to size - 1.',
    });
  }
  const peers = rank === 0 ? await listen(options) : [await call(options)];
  /** One exchange: everybody's values to rank 0, its answer to everybody. */
  const exchange = async (name: string, values: Float32Array, join: (all: readonly Float32Array[]) => Float32Array) => {
    if (rank > 0) {
      peers[0]!.send(frame(name, values));
      values.set(await peers[0]!.next(name, values.length));
      return;
    }
    const others = await Promise.all(peers.map((peer) => peer.next(name, values.length)));
    const answer = join([values, ...others]);
    for (const peer of peers) peer.send(frame(name, answer));
    values.set(answer);
  };
  let last: Promise<void> = Promise.resolve();
  const queued = (run: () => Promise<void>): Promise<void> => {
    last = last.then(run);
    return last;
  };
  return {
    rank,
    size,
    allReduceSum: (values) => queued(() => exchange('allReduceSum', values, sum)),
    broadcast: (values, root = 0) => queued(() => exchange(`broadcast ${root}`, values, (all) => all[root]!)),
    barrier: () => queued(() => exchange('barrier', new Float32Array(0), ([own]) => own!)),
    close() {
      for (const peer of peers) peer.close();
    },
  };
}

function sum(all: readonly Float32Array[]): Float32Array {
  const total = new Float32Array(all[0]!.length);
  for (const values of all) for (let i = 0; i < total.length; i++) total[i]! += values[i]!;
  return total;
}

/** Rank 0: waits for ranks 1, 2, …; the connections in their order. */
function listen({ size, host, port, timeoutSeconds = 60 }: TcpOptions): Promise<Frames[]> {
  const peers = new Array<Frames | undefined>(size - 1).fill(undefined);
  if (size === 1) return Promise.resolve([]);
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      const frames = new Frames(socket);
      frames.next('hello', 3).then(
        ([number, rank, theirSize]) => {
          if (number !== magic || theirSize !== size || peers[rank! - 1] !== undefined || !(rank! - 1 in peers)) {
            frames.close();
            return;
          }
          peers[rank! - 1] = frames;
          if (peers.includes(undefined)) return;
          finish();
          for (const peer of peers) peer!.send(frame('welcome', new Float32Array(0)));
          resolve(peers as Frames[]);
        },
        () => frames.close(),
      );
    });
    const timer = setTimeout(() => {
      finish();
      for (const peer of peers) peer?.close();
      const missing = peers.flatMap((peer, i) => (peer === undefined ? [i + 1] : []));
      reject(late(`Ranks ${missing.join(', ')} of ${size} did not call ${host}:${port}`, timeoutSeconds));
    }, timeoutSeconds * 1000);
    const finish = (): void => {
      clearTimeout(timer);
      server.close();
    };
    server.on('error', (cause) => {
      finish();
      reject(
        new GlidError('GLID_IO', `Listening on ${host}:${port} failed: ${cause.message}.`, {
          fix: 'Choose another port.',
          cause,
        }),
      );
    });
    server.listen(port, host);
  });
}

/** Another rank: calls until rank 0 answers. */
async function call({ rank, size, host, port, timeoutSeconds = 60 }: TcpOptions): Promise<Frames> {
  const end = performance.now() + timeoutSeconds * 1000;
  while (performance.now() < end) {
    const socket = await reach(host, port);
    if (socket) {
      const frames = new Frames(socket);
      frames.send(frame('hello', Float32Array.of(magic, rank, size)));
      const timer = setTimeout(() => frames.close(), end - performance.now());
      const welcome = await frames.next('welcome', 0).catch(() => undefined);
      clearTimeout(timer);
      if (welcome) return frames;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw late(`Rank 0 did not answer at ${host}:${port}`, timeoutSeconds);
}

function reach(host: string, port: number): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = dial(port, host, () => resolve(socket));
    socket.once('error', () => resolve(undefined));
  });
}

function late(what: string, seconds: number): GlidError {
  return new GlidError('GLID_IO', `${what} within ${seconds} seconds.`, {
    fix: 'Start all ranks, give them one host, port and size, and different ranks.',
  });
}
