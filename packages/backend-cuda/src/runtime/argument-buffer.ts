import type { Ffi } from '../ffi/port.ts';

const capacity = 4096;
const bufferPointer = 1n;
const bufferSize = 2n;

/** Kernel arguments packed as the C ABI lays them out: one preallocated buffer, so that a launch allocates nothing. */
export class ArgumentBuffer {
  /** For `cuLaunchKernel`'s `extra`. */
  readonly extra: number;
  readonly #words: Int32Array;
  readonly #floats: Float32Array;
  readonly #size = new BigUint64Array(1);
  readonly #sizeWord: Uint32Array;
  readonly #list: BigUint64Array;

  constructor(ffi: Ffi) {
    const memory = new ArrayBuffer(capacity);
    this.#words = new Int32Array(memory);
    this.#floats = new Float32Array(memory);
    this.#sizeWord = new Uint32Array(this.#size.buffer);
    const addresses = [BigInt(ffi.address(memory)), BigInt(ffi.address(this.#size))] as const;
    this.#list = BigUint64Array.of(bufferPointer, addresses[0], bufferSize, addresses[1], 0n);
    this.extra = ffi.address(this.#list);
  }

  /** `signature`: one letter an argument; p pointer, i int, f float. */
  pack(signature: string, values: readonly number[]): void {
    let at = 0;
    for (let i = 0; i < signature.length; i++) {
      const value = values[i]!;
      switch (signature.charCodeAt(i)) {
        case 112:
          at += at & 1;
          this.#words[at++] = value | 0;
          this.#words[at++] = value / 4294967296;
          break;
        case 105:
          this.#words[at++] = value;
          break;
        default:
          this.#floats[at++] = value;
      }
    }
    this.#sizeWord[0] = 4 * at;
  }
}
