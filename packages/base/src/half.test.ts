import { describe, expect, it } from 'vitest';
import { fromBfloatBits, fromHalfBits, largestHalf, toBfloatBits, toHalfBits } from './half.ts';

/** All finite positive values of a 16-bit format, by its definition. */
function positives(exponentBits: number): { bits: number; value: number }[] {
  const mantissaBits = 15 - exponentBits;
  const bias = 2 ** (exponentBits - 1) - 1;
  const out: { bits: number; value: number }[] = [];
  for (let bits = 0; bits < (2 ** exponentBits - 1) << mantissaBits; bits++) {
    const exponent = bits >> mantissaBits;
    const mantissa = (bits & (2 ** mantissaBits - 1)) / 2 ** mantissaBits;
    out.push({ bits, value: exponent === 0 ? mantissa * 2 ** (1 - bias) : (1 + mantissa) * 2 ** (exponent - bias) });
  }
  return out;
}

describe.each([
  ['binary16', 5, toHalfBits, fromHalfBits],
  ['bfloat16', 8, toBfloatBits, fromBfloatBits],
] as const)('%s', (_, exponentBits, encode, decode) => {
  const all = positives(exponentBits);

  it('decodes and encodes every finite value of both signs exactly', () => {
    for (const { bits, value } of all) {
      if (decode(bits) !== value || encode(value) !== bits) throw new Error(`${bits.toString(16)} is not ${value}`);
      if (decode(bits | 0x8000) !== -value || encode(-value) !== (bits | 0x8000)) throw new Error(`-${value}`);
    }
    expect(Object.is(decode(0x8000), -0)).toBe(true);
  });

  it('rounds midpoints to the even neighbour and everything else to the nearest', () => {
    for (let i = 0; i + 1 < all.length; i++) {
      const low = all[i]!;
      const high = all[i + 1]!;
      const middle = (low.value + high.value) / 2;
      if (Math.fround(middle) !== middle) continue;
      const even = low.bits % 2 === 0 ? low.bits : high.bits;
      const quarter = Math.fround(low.value + (high.value - low.value) / 4);
      if (encode(middle) !== even) throw new Error(`midpoint ${middle}`);
      if (quarter < middle && encode(quarter) !== low.bits) throw new Error(`quarter ${quarter}`);
    }
  });

  it('keeps NaN and infinities, with sign', () => {
    expect(decode(encode(Number.NaN))).toBeNaN();
    expect(decode(encode(Number.POSITIVE_INFINITY))).toBe(Number.POSITIVE_INFINITY);
    expect(decode(encode(Number.NEGATIVE_INFINITY))).toBe(Number.NEGATIVE_INFINITY);
  });
});

it('overflows to infinity from the midpoint above the largest half on', () => {
  expect(toHalfBits(largestHalf)).toBe(0x7bff);
  expect(toHalfBits(65519.996)).toBe(0x7bff);
  expect(toHalfBits(65520)).toBe(0x7c00);
});

it('rounds below the smallest subnormal to zero or to it', () => {
  expect(toHalfBits(2 ** -25)).toBe(0);
  expect(toHalfBits(2 ** -25 * 1.0001)).toBe(1);
  expect(toHalfBits(1e-30)).toBe(0);
});
