import { expect, it } from 'vitest';
import { awaitGpu } from './gpu-wait.node.ts';

const after = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Turns of the event loop while `work` is open, as Dawn's binding would ask in each of them. */
async function turnsDuring(work: Promise<unknown>): Promise<number> {
  let turns = 0;
  let open = true;
  const ask = (): void => {
    turns += 1;
    if (open) setImmediate(ask);
  };
  setImmediate(ask);
  await work;
  open = false;
  return turns;
}

it('gives what the work gives, and its error', async () => {
  await expect(awaitGpu(Promise.resolve(7))).resolves.toBe(7);
  await expect(awaitGpu(Promise.reject(new Error('lost')))).rejects.toThrow('lost');
});

it('lets the event loop rest while it waits, and not after', async () => {
  const resting = await turnsDuring(awaitGpu(after(300)));
  const spinning = await turnsDuring(after(300));
  expect(resting).toBeLessThan(2000);
  expect(spinning).toBeGreaterThan(5 * resting);
});

it('rests once a turn, however many waits came before or are open', async () => {
  for (let i = 0; i < 100; i++) await awaitGpu(Promise.resolve());
  const turns = await turnsDuring(Promise.all(Array.from({ length: 100 }, () => awaitGpu(after(400)))));
  expect(turns).toBeGreaterThan(40); // a hundred rests a turn would leave four
});
