import { GlidError } from '@glid/base';

/** The allocator of TensorFlow.js's WebAssembly module. */
export interface Allocator {
  _malloc(bytes: number): number;
  _free(pointer: number): void;
}

/** The parts of emscripten's module object that its own declarations leave out. */
export interface EmscriptenModule extends Allocator {
  /** A view of the whole heap; growth replaces it. */
  readonly HEAPU8: Uint8Array<ArrayBuffer>;
  readonly asm?: { readonly memory?: WebAssembly.Memory };
}

const mebibyte = 2 ** 20;

/** Counts what tensors and scratch occupy on the WebAssembly heap, and refuses what would not fit. */
export class Heap {
  readonly limit: number;
  readonly #sizes = new Map<number, number>();
  #inUse = 0;
  #peak = 0;

  /**
   * Takes over `allocator`'s two functions. A 32-bit heap ends at 4 GiB, and a malloc that fails there returns 0 without
   * an exception: the tensor would then lie over the module's own data.
   *
   * @param limit bytes; what the module allocates for itself is not counted, so leave it some room below 4 GiB.
   */
  constructor(allocator: Allocator, limit: number) {
    this.limit = limit;
    // Emscripten's functions are stubs that put the real ones in their place when first called.
    allocator._free(allocator._malloc(1));
    const malloc = allocator._malloc.bind(allocator);
    const free = allocator._free.bind(allocator);
    allocator._malloc = (bytes) => this.#allocate(malloc, bytes);
    allocator._free = (pointer) => {
      // Above 2 GiB the module hands out negative numbers; the table is kept by unsigned address.
      const size = this.#sizes.get(pointer >>> 0);
      if (size !== undefined) {
        this.#sizes.delete(pointer >>> 0);
        this.#inUse -= size;
      }
      free(pointer);
    };
  }

  /** Bytes allocated through `_malloc` and not freed. */
  get bytesInUse(): number {
    return this.#inUse;
  }

  /** The largest `bytesInUse` so far. */
  get peakBytes(): number {
    return this.#peak;
  }

  #allocate(malloc: (bytes: number) => number, bytes: number): number {
    if (this.#inUse + bytes > this.limit) this.#refuse(bytes);
    const pointer = malloc(bytes) >>> 0;
    if (pointer === 0 && bytes > 0) this.#refuse(bytes);
    this.#sizes.set(pointer, bytes);
    this.#inUse += bytes;
    if (this.#inUse > this.#peak) this.#peak = this.#inUse;
    return pointer;
  }

  #refuse(bytes: number): never {
    const mib = (n: number): string => `${(n / mebibyte).toFixed(0)} MiB`;
    throw new GlidError(
      'GLID_OUT_OF_MEMORY',
      `A tensor of ${mib(bytes)} does not fit on the WebAssembly heap: ${mib(this.#inUse)} of ${mib(this.limit)} are in use.`,
      {
        fix: 'Lower the batch size (and accumulate gradients), the picture size, or turn on recomputation of blocks; dispose tensors that are no longer needed.',
        details: { requestedBytes: bytes, bytesInUse: this.#inUse, limitBytes: this.limit },
      },
    );
  }
}
