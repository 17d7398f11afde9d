import { GlidError } from '@glid/base';
import type { Device } from './device.ts';

/** Memory of the device; one object as long as the device holds it, through all its uses. */
export interface Block {
  readonly address: number;
  /** Bytes, at least what was asked for. */
  readonly size: number;
  /** Where it goes when it is freed. */
  readonly pool: Pool;
  /** How many hold it beside the first. */
  holders: number;
}

/** Freed blocks of each size. A graph has one of its own: what it freed is written again by every replay, and by nobody else. */
export class Pool {
  readonly free: Map<number, Block[]> = new Map();
  /** Its graph is gone: blocks that come back go to the device. */
  closed = false;
}

const mebibyte = 2 ** 20;

/**
 * Keeps freed blocks for the next tensor of their size class. All work runs on one stream, so a freed block may be written by the
 * next launch at once: what still reads it runs before.
 */
export class Allocator {
  readonly #device: Device;
  readonly #exact: boolean;
  readonly #common = new Pool();
  #pool = this.#common;
  #sealed = false;
  #inUse = 0;
  #reserved = 0;
  #peak = 0;

  /** @param exact every block of its own size, given back at once: an overrun then leaves the allocation. For tests. */
  constructor(device: Device, exact: boolean) {
    this.#device = device;
    this.#exact = exact;
  }

  get bytesInUse(): number {
    return this.#inUse;
  }

  /** In use or kept for the next tensor. */
  get bytesReserved(): number {
    return this.#reserved;
  }

  get peakBytes(): number {
    return this.#peak;
  }

  /**
   * @throws GLID_OUT_OF_MEMORY when the device is full even without the blocks kept here
   * @throws GLID_USAGE while a graph is captured and its pool has no block of the size
   */
  allocate(bytes: number): Block {
    const size = this.#exact ? Math.max(1, bytes) : sizeClass(bytes);
    const pool = this.#pool;
    const kept = pool.free.get(size)?.pop();
    if (kept === undefined && this.#sealed)
      this.#device.refuseInCapture(`needs a block of ${size} bytes that the rehearsal did not need`);
    const block = kept ?? { address: this.#reserve(size), size, pool, holders: 0 };
    this.#inUse += size;
    if (this.#inUse > this.#peak) this.#peak = this.#inUse;
    return block;
  }

  /** Keeps a block from being freed until it has been released once more. */
  hold(block: Block): void {
    block.holders++;
  }

  release(block: Block): void {
    if (block.holders > 0) {
      block.holders--;
      return;
    }
    const { size, pool } = block;
    this.#inUse -= size;
    if (pool.closed || (this.#exact && pool === this.#common)) {
      this.#giveBack(block);
      return;
    }
    const kept = pool.free.get(size);
    if (kept === undefined) pool.free.set(size, [block]);
    else kept.push(block);
  }

  /** Allocates from `pool` while `run` runs; `sealed`: from its free blocks alone, as a capture must. */
  within<T>(pool: Pool, sealed: boolean, run: () => T): T {
    const [outer, wasSealed] = [this.#pool, this.#sealed];
    [this.#pool, this.#sealed] = [pool, sealed];
    try {
      return run();
    } finally {
      [this.#pool, this.#sealed] = [outer, wasSealed];
    }
  }

  /** Gives a pool's free blocks back to the device, and those in use when they are released. */
  close(pool: Pool): void {
    pool.closed = true;
    this.#device.synchronize();
    this.#empty(pool);
  }

  /** Gives the kept blocks back to the device, but for those of graphs. */
  trim(): void {
    this.#device.synchronize();
    this.#empty(this.#common);
  }

  #empty(pool: Pool): void {
    for (const blocks of pool.free.values()) for (const block of blocks) this.#giveBack(block);
    pool.free.clear();
  }

  #giveBack({ address, size }: Block): void {
    this.#device.free(address);
    this.#reserved -= size;
  }

  #reserve(size: number): number {
    let address = this.#device.allocate(size);
    if (address === undefined) {
      this.trim();
      address = this.#device.allocate(size);
    }
    if (address === undefined) this.#refuse(size);
    this.#reserved += size;
    return address;
  }

  #refuse(size: number): never {
    const { free, total } = this.#device.memoryBytes();
    const others = Math.max(0, total - free - this.#reserved);
    const mib = (bytes: number): string => `${(bytes / mebibyte).toFixed(1)} MiB`;
    throw new GlidError(
      'GLID_OUT_OF_MEMORY',
      `A tensor of ${mib(size)} does not fit on ${this.#device.name}: of its ${mib(total)}, ${mib(this.#inUse)} are in use here, ${mib(others)} by the driver and other processes, ${mib(free)} are free.`,
      {
        fix: 'Lower the batch size (and accumulate gradients) or the picture size, dispose tensors that are no longer needed, or end other programs on this GPU.',
        details: {
          requestedBytes: size,
          bytesInUse: this.#inUse,
          otherBytes: others,
          freeBytes: free,
          totalBytes: total,
        },
      },
    );
  }
}

/** 512 bytes and up in steps of an eighth of the next power of two, 2 MiB steps from 1 MiB on. */
export function sizeClass(bytes: number): number {
  if (bytes <= 512) return 512;
  const step = bytes < mebibyte ? Math.max(512, 1 << (29 - Math.clz32(bytes - 1))) : 2 * mebibyte;
  return Math.ceil(bytes / step) * step;
}
