import { describe, expect, it } from 'vitest';
import { local } from './local.ts';

describe('local', () => {
  it('sums, broadcasts and waits, many times in a row', async () => {
    const ranks = local(3);
    const results = await Promise.all(
      ranks.map(async (collectives) => {
        const values = Float32Array.of(collectives.rank, 1);
        for (let i = 0; i < 3; i++) await collectives.allReduceSum(values);
        const other = Float32Array.of(collectives.rank);
        await collectives.broadcast(other, 2);
        await collectives.barrier();
        return [...values, ...other];
      }),
    );
    expect(results).toEqual([
      [27, 27, 2],
      [27, 27, 2],
      [27, 27, 2],
    ]);
  });

  it('tells when ranks make different calls', async () => {
    const [a, b] = local(2);
    const calls = [a!.barrier(), b!.allReduceSum(new Float32Array(1))];
    for (const call of calls) await expect(call).rejects.toThrow(/Rank 1 called allReduceSum/);
    expect(() => local(0)).toThrow(expect.objectContaining({ code: 'GLID_USAGE' }));
  });
});
