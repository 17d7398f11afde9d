const word = new Uint32Array(1);
const real = new Float32Array(word.buffer);

function bitsOf(value: number): number {
  real[0] = value;
  return word[0]!;
}

function fromBits(bits: number): number {
  word[0] = bits;
  return real[0]!;
}

/** The largest finite IEEE 754 binary16 number. */
export const largestHalf = 65504;

/**
 * Nearest binary16 of a float32, ties to even, as its 16 bits. Beyond 65520 it is an infinity; a NaN stays a NaN.
 * Subnormal halves (below 2^-14) are kept.
 */
export function toHalfBits(value: number): number {
  const bits = bitsOf(value);
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude < 0x38800000) {
    // A subnormal half counts multiples of 2^-24; adding 0.5 leaves that count, rounded to even, in the low mantissa bits.
    return sign | (bitsOf(fromBits(magnitude) + 0.5) - 0x3f000000);
  }
  const odd = (magnitude >>> 13) & 1;
  return sign | ((magnitude - 0x38000000 + 0xfff + odd) >>> 13);
}

/** The float32 value of 16 bits of binary16; exact. */
export function fromHalfBits(bits: number): number {
  const sign = (bits & 0x8000) << 16;
  const exponent = (bits >>> 10) & 31;
  const mantissa = bits & 0x3ff;
  if (exponent === 31) return fromBits(sign | 0x7f800000 | (mantissa << 13));
  if (exponent === 0) return (sign ? -1 : 1) * mantissa * 2 ** -24;
  return fromBits(sign | ((exponent + 112) << 23) | (mantissa << 13));
}

/** Nearest bfloat16 of a float32, ties to even, as its 16 bits. */
export function toBfloatBits(value: number): number {
  const bits = bitsOf(value);
  if ((bits & 0x7fffffff) > 0x7f800000) return ((bits >>> 16) & 0x8000) | 0x7fc0;
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}

/** The float32 value of 16 bits of bfloat16; exact. */
export function fromBfloatBits(bits: number): number {
  return fromBits(bits << 16);
}
