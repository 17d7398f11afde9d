import { GlidError } from '@glid/base';
import type { Device } from './device.ts';

export interface Block {
  readonly address: number;
  /** Bytes, at least what was asked for. */
  readonly size: number;
}

const mebibyte = 2 ** 20;

/**
 * Keeps freed blocks for the next tensor of their size class. All work runs on one stream, so a freed block may be written by the
 * next launch at once: what still reads it runs before.
 */
export class Allocator {
  readonly #device: Device;
  readonly #exact: boolean;
  readonly #free = new Map<number, number[]>();
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

  /** @throws GLID_OUT_OF_MEMORY when the device is full even without the blocks kept here. */
  allocate(bytes: number): Block {
    const size = this.#exact ? Math.max(1, bytes) : sizeClass(bytes);
    const kept = this.#free.get(size)?.pop();
    const address = kept ?? this.#reserve(size);
    this.#inUse += size;
    if (this.#inUse > this.#peak) this.#peak = this.#inUse;
    return { address, size };
  }

  release({ address, size }: Block): void {
    this.#inUse -= size;
    if (this.#exact) {
      this.#giveBack(address, size);
      return;
    }
    const kept = this.#free.get(size);
    if (kept === undefined) this.#free.set(size, [address]);
    else kept.push(address);
  }

  /** Gives the kept blocks back to the device. */
  trim(): void {
    this.#device.synchronize();
    for (const [size, addresses] of this.#free) for (const address of addresses) this.#giveBack(address, size);
    this.#free.clear();
  }

  #giveBack(address: number, size: number): void {
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
      `A tensor of ${mib(size)} does not fit on the GPU: of its ${mib(total)}, ${mib(this.#inUse)} are in use here, ${mib(others)} by the driver and other processes, ${mib(free)} are free.`,
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
  const step = bytes < mebibyte ? Math.max(512, 2 ** (Math.ceil(Math.log2(bytes)) - 3)) : 2 * mebibyte;
  return Math.ceil(bytes / step) * step;
}
