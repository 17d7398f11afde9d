import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Allocator, type Block, sizeClass } from '../src/runtime/allocator.ts';
import type { Device } from '../src/runtime/device.ts';

/** A device of `total` bytes that counts. */
function deviceOf(total: number): Device & { held: Map<number, number> } {
  const held = new Map<number, number>();
  let next = 1 << 20;
  const used = (): number => [...held.values()].reduce((a, b) => a + b, 0);
  return {
    held,
    allocate(bytes: number) {
      if (used() + bytes > total) return undefined;
      next += bytes;
      held.set(next - bytes, bytes);
      return next - bytes;
    },
    free: (address: number) => void held.delete(address),
    freeBytes: () => total - used(),
    synchronize: () => undefined,
  } as unknown as Device & { held: Map<number, number> };
}

describe('sizeClass', () => {
  it('fits, wastes an eighth at most above 4 KiB, and never shrinks', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 33 }), (bytes) => {
        const size = sizeClass(bytes);
        expect(size).toBeGreaterThanOrEqual(Math.max(1, bytes));
        if (bytes > 4096) expect(size - bytes).toBeLessThanOrEqual(Math.max(bytes / 4, 2 ** 21));
        expect(size % 512).toBe(0);
        expect(sizeClass(size)).toBe(size);
        expect(sizeClass(bytes + 1)).toBeGreaterThanOrEqual(size);
      }),
    );
  });
});

describe('Allocator', () => {
  it('never hands out bytes twice, keeps its counts, and gives everything back', () => {
    const sizes = fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 3e6 })), { maxLength: 200 });
    fc.assert(
      fc.property(sizes, fc.boolean(), (steps, exact) => {
        const device = deviceOf(2 ** 40);
        const allocator = new Allocator(device, exact);
        const live: Block[] = [];
        for (const [take, n] of steps) {
          if (take || live.length === 0) live.push(allocator.allocate(n));
          else allocator.release(live.splice(n % live.length, 1)[0]!);
          expect(new Set(live.map(({ address }) => address)).size).toBe(live.length);
          for (const { address, size } of live) expect(device.held.get(address)).toBe(size);
          expect(allocator.bytesInUse).toBe(live.reduce((total, { size }) => total + size, 0));
          expect(allocator.bytesReserved).toBe([...device.held.values()].reduce((a, b) => a + b, 0));
        }
        for (const block of live) allocator.release(block);
        allocator.trim();
        expect([allocator.bytesInUse, allocator.bytesReserved, device.held.size]).toEqual([0, 0, 0]);
      }),
      { numRuns: 50 },
    );
  });

  it('takes a block of the same size again, and the largest use is remembered', () => {
    const allocator = new Allocator(deviceOf(2 ** 30), false);
    const first = allocator.allocate(1000);
    allocator.release(first);
    expect(allocator.allocate(900)).toEqual(first);
    expect(allocator.peakBytes).toBe(1024);
  });
});
