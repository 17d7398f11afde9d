import { connect, createServer, type Socket } from 'node:net';
import { GlidError } from '@glid/base';
import { describe, expect, it } from 'vitest';
import { type TcpCollectives, tcp } from './index.ts';

const host = '127.0.0.1';
const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, host, () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
const group = async (size: number): Promise<TcpCollectives[]> => {
  const port = await freePort();
  // The last rank first: it must wait for rank 0 to listen.
  const ranks = Array.from({ length: size }, (_, i) => size - 1 - i);
  const opened = await Promise.all(ranks.map((rank) => tcp({ rank, size, host, port, timeoutSeconds: 20 })));
  return opened.reverse();
};

describe('tcp', () => {
  it('sums, broadcasts and waits; calls in flight keep their order', async () => {
    const ranks = await group(3);
    expect(ranks.map(({ rank, size }) => [rank, size])).toEqual([0, 1, 2].map((rank) => [rank, 3]));
    const long = ranks.map(({ rank }) => Float32Array.from({ length: 100_000 }, (_, i) => rank * (i % 7)));
    const short = ranks.map(({ rank }) => Float32Array.of(rank, Number.NaN));
    await Promise.all(
      ranks.flatMap((r, k) => [
        r.allReduceSum(long[k]!),
        r.broadcast(short[k]!, 2),
        r.barrier(),
        r.allReduceSum(new Float32Array(0)),
      ]),
    );
    for (const values of long) expect([values[0], values[6], values[99_999]]).toEqual([0, 18, 3 * (99_999 % 7)]);
    for (const values of short) expect([...values]).toEqual([2, Number.NaN]);
    for (const r of ranks) r.close();
  });

  it('one rank needs nobody', async () => {
    const [alone] = await group(1);
    const values = Float32Array.of(3);
    await alone!.allReduceSum(values);
    await alone!.barrier();
    expect(values[0]).toBe(3);
    alone!.close();
  });

  it('a rank that is gone, or that makes another call, fails the others', async () => {
    const gone = await group(2);
    gone[1]!.close();
    await expect(gone[0]!.barrier()).rejects.toMatchObject({ code: 'GLID_IO' });
    const apart = await group(2);
    const calls = [apart[0]!.allReduceSum(new Float32Array(2)), apart[1]!.allReduceSum(new Float32Array(3))];
    await expect(calls[0]).rejects.toThrow(/allReduceSum with 2 floats, another allReduceSum with 3/);
    apart[0]!.close();
    await expect(calls[1]).rejects.toMatchObject({ code: 'GLID_IO' });
    for (const r of [gone[0]!, apart[1]!]) r.close();
  });

  it('says who did not come, takes no stranger, and refuses ranks that do not exist', async () => {
    const port = await freePort();
    const waiting = tcp({ rank: 0, size: 3, host, port, timeoutSeconds: 1 });
    const stranger = await new Promise<Socket>((resolve) => {
      const socket = connect(port, host, () => resolve(socket));
    });
    stranger.end('GET / HTTP/1.1\r\n\r\n');
    await expect(waiting).rejects.toThrow(/Ranks 1, 2 of 3 did not call/);
    await expect(tcp({ rank: 1, size: 2, host, port, timeoutSeconds: 0.3 })).rejects.toThrow(/Rank 0 did not answer/);
    await expect(tcp({ rank: 2, size: 2, host, port })).rejects.toSatisfy((error) =>
      GlidError.isInstance(error, 'GLID_USAGE'),
    );
  });
});
