// Permutation of up to six axes of 32-bit values.
import { at, load4 } from './simd.as';

/** A [rows, columns] block: out[c * outStep + r] = in[r * inStep + c], in 4 x 4 register tiles. */
export function flip(x: usize, inStep: i32, y: usize, outStep: i32, rows: i32, columns: i32): void {
  let r = 0;
  for (; r + 4 <= rows; r += 4) {
    let c = 0;
    for (; c + 4 <= columns; c += 4) {
      const p = at(x, r * inStep + c);
      const r0 = load4(p);
      const r1 = load4(at(p, inStep));
      const r2 = load4(at(p, 2 * inStep));
      const r3 = load4(at(p, 3 * inStep));
      const a = i32x4.shuffle(r0, r1, 0, 4, 1, 5);
      const b = i32x4.shuffle(r2, r3, 0, 4, 1, 5);
      const d = i32x4.shuffle(r0, r1, 2, 6, 3, 7);
      const e = i32x4.shuffle(r2, r3, 2, 6, 3, 7);
      const q = at(y, c * outStep + r);
      v128.store(q, i64x2.shuffle(a, b, 0, 2));
      v128.store(at(q, outStep), i64x2.shuffle(a, b, 1, 3));
      v128.store(at(q, 2 * outStep), i64x2.shuffle(d, e, 0, 2));
      v128.store(at(q, 3 * outStep), i64x2.shuffle(d, e, 1, 3));
    }
    for (; c < columns; c++) {
      for (let i = r; i < r + 4; i++) store<u32>(at(y, c * outStep + i), load<u32>(at(x, i * inStep + c)));
    }
  }
  for (; r < rows; r++) {
    for (let c = 0; c < columns; c++) store<u32>(at(y, c * outStep + r), load<u32>(at(x, r * inStep + c)));
  }
}

/**
 * `table` holds 6 outer sizes, their 6 input steps and 6 output steps (all in elements, slowest first, sizes of 1 where
 * unused). Each outer position is a copy of `columns` values when `rows` = 0, else a transposed [rows, columns] block.
 */
export function transpose(x: usize, y: usize, table: usize, rows: i32, columns: i32, inStep: i32, outStep: i32): void {
  const s0 = load<i32>(table), s1 = load<i32>(table, 4), s2 = load<i32>(table, 8);
  const s3 = load<i32>(table, 12), s4 = load<i32>(table, 16), s5 = load<i32>(table, 20);
  for (let i0 = 0; i0 < s0; i0++)
  for (let i1 = 0; i1 < s1; i1++)
  for (let i2 = 0; i2 < s2; i2++)
  for (let i3 = 0; i3 < s3; i3++)
  for (let i4 = 0; i4 < s4; i4++) {
    let p = at(x, i0 * load<i32>(table, 24) + i1 * load<i32>(table, 28) + i2 * load<i32>(table, 32) +
      i3 * load<i32>(table, 36) + i4 * load<i32>(table, 40));
    let q = at(y, i0 * load<i32>(table, 48) + i1 * load<i32>(table, 52) + i2 * load<i32>(table, 56) +
      i3 * load<i32>(table, 60) + i4 * load<i32>(table, 64));
    const stepIn = (<usize>load<i32>(table, 44)) << 2;
    const stepOut = (<usize>load<i32>(table, 68)) << 2;
    for (let i5 = 0; i5 < s5; i5++) {
      if (rows > 0) {
        flip(p, inStep, q, outStep, rows, columns);
      } else if (columns >= 16) {
        memory.copy(q, p, (<usize>columns) << 2);
      } else {
        for (let c = 0; c < columns; c++) store<u32>(at(q, c), load<u32>(at(p, c)));
      }
      p += stepIn;
      q += stepOut;
    }
  }
}
