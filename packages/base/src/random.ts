/** Four 32-bit words; plain JSON, so that it can live in a checkpoint. */
export type RandomState = readonly [number, number, number, number];

/** A seeded generator whose whole state is visible. Method: sfc32 (Doty-Humphrey, PractRand), seeded through splitmix32. */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  constructor(seed: number | RandomState) {
    if (typeof seed !== 'number') {
      [this.#a, this.#b, this.#c, this.#d] = seed;
      return;
    }
    const word = splitmix32(seed);
    this.#a = word();
    this.#b = word();
    this.#c = word();
    this.#d = 1;
    for (let i = 0; i < 15; i++) this.uint32();
  }

  /** A generator for one purpose ("shuffle", "drop-path", …), independent of how often the others were used. */
  static derive(seed: number, ...path: readonly (string | number)[]): Random {
    let h = seed >>> 0;
    for (const part of path) {
      for (const ch of `${part}\u0000`) h = Math.imul(h ^ ch.codePointAt(0)!, 0x01000193) >>> 0;
      h = splitmix32(h)();
    }
    return new Random(h);
  }

  get state(): RandomState {
    return [this.#a, this.#b, this.#c, this.#d];
  }

  set state(value: RandomState) {
    [this.#a, this.#b, this.#c, this.#d] = value;
  }

  uint32(): number {
    const t = (((this.#a + this.#b) | 0) + this.#d) | 0;
    this.#d = (this.#d + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (this.#c << 21) | (this.#c >>> 11);
    this.#c = (this.#c + t) | 0;
    return t >>> 0;
  }

  /** Uniform in [0, 1), 53 bits. */
  uniform(low = 0, high = 1): number {
    const hi = this.uint32() >>> 5;
    const lo = this.uint32() >>> 6;
    return low + (high - low) * ((hi * 67108864 + lo) / 9007199254740992);
  }

  /** Fills `out` with uniform numbers in [0, 1) of 24 bits, all that a float32 holds: one word each. Returns `out`. */
  fillUniform(out: Float32Array): Float32Array {
    // The words of `uint32`, with the state in local variables.
    let [a, b, c, d] = this.state;
    for (let i = 0; i < out.length; i++) {
      const t = (((a + b) | 0) + d) | 0;
      d = (d + 1) | 0;
      a = b ^ (b >>> 9);
      b = (c + (c << 3)) | 0;
      c = (((c << 21) | (c >>> 11)) + t) | 0;
      out[i] = (t >>> 8) / 16777216;
    }
    this.state = [a, b, c, d];
    return out;
  }

  /** Uniform integer in [0, n). */
  integer(n: number): number {
    return Math.floor(this.uniform() * n);
  }

  /** Normal by Box-Muller; one draw a call, so that the state alone determines the future. */
  normal(mean = 0, std = 1): number {
    const u = 1 - this.uniform();
    return mean + std * Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * this.uniform());
  }

  boolean(probability = 0.5): boolean {
    return this.uniform() < probability;
  }

  /** A permutation of 0..n-1 (Fisher-Yates). */
  permutation(n: number): Uint32Array {
    const order = Uint32Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      const t = order[i]!;
      order[i] = order[j]!;
      order[j] = t;
    }
    return order;
  }
}

function splitmix32(seed: number): () => number {
  let s = seed | 0;
  return () => {
    s = (s + 0x9e3779b9) | 0;
    let t = s ^ (s >>> 16);
    t = Math.imul(t, 0x21f0aaad);
    t ^= t >>> 15;
    t = Math.imul(t, 0x735a2d97);
    return (t ^ (t >>> 15)) >>> 0;
  };
}
