/** A table of C structs of 4- and 8-byte fields, written in order; 8-byte fields must come at multiples of 8. */
export class ByteTable {
  readonly bytes: Uint8Array;
  readonly #words: Int32Array;
  readonly #floats: Float32Array;
  #at = 0;

  constructor(size: number) {
    const memory = new ArrayBuffer(size);
    this.bytes = new Uint8Array(memory);
    this.#words = new Int32Array(memory);
    this.#floats = new Float32Array(memory);
  }

  pointer(address: number): this {
    this.#words[this.#at++] = address | 0;
    this.#words[this.#at++] = address / 4294967296;
    return this;
  }

  int(value: number): this {
    this.#words[this.#at++] = value;
    return this;
  }

  float(value: number): this {
    this.#floats[this.#at++] = value;
    return this;
  }
}
