import { describe, expect, it } from 'vitest';
import { Random } from './random.ts';

describe('Random.fillUniform', () => {
  it('takes one word a number, its upper 24 bits, in order', () => {
    const words = new Random(3);
    const values = new Random(3).fillUniform(new Float32Array(50));
    expect([...values]).toEqual(Array.from(values, () => Math.floor(words.uint32() / 256) / 2 ** 24));
  });

  it('stays in [0, 1) with the mean and variance of a uniform number, and leaves the state that as many words leave', () => {
    const random = new Random(4);
    const values = random.fillUniform(new Float32Array(100000));
    let [sum, squares] = [0, 0];
    for (const value of values) {
      if (!(value >= 0 && value < 1)) throw new Error(`${value} is outside`);
      sum += value;
      squares += (value - 0.5) ** 2;
    }
    // Five standard errors.
    expect(Math.abs(sum / values.length - 0.5)).toBeLessThan(5 * Math.sqrt(1 / 12 / values.length));
    expect(Math.abs(squares / values.length - 1 / 12)).toBeLessThan(5 * Math.sqrt(1 / 180 / values.length));
    const other = new Random(4);
    for (let i = 0; i < values.length; i++) other.uint32();
    expect(random.state).toEqual(other.state);
  });
});
