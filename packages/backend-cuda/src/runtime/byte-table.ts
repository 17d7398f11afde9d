/** A table of C structs, written in order; 8-byte fields must come at multiples of 8. */
export class ByteTable {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(size: number) {
    this.bytes = new Uint8Array(size);
    this.#view = new DataView(this.bytes.buffer);
  }

  pointer(address: number): this {
    this.#view.setBigUint64(this.#at, BigInt(address), true);
    this.#at += 8;
    return this;
  }

  int(value: number): this {
    this.#view.setInt32(this.#at, value, true);
    this.#at += 4;
    return this;
  }

  float(value: number): this {
    this.#view.setFloat32(this.#at, value, true);
    this.#at += 4;
    return this;
  }
}
