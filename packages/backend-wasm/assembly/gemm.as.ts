// C = op(A) op(B), single precision. B is packed into panels of 8 columns, A is read in place, so that
// every transposition costs the same; six rows of a transposed A are packed too. Blocks are 256 deep and 1024 wide; the
// micro kernel keeps 6 x 8 sums in registers and six rows of A stay in the first-level cache.
import { fma4, load4, loadPart, splat, storePart } from './simd.as';

const DEPTH: i32 = 256;
const WIDTH: i32 = 1024;
const ROWS: i32 = 6;

/** Bytes of scratch that `gemm` needs. */
export function gemmScratch(): i32 {
  return DEPTH * (WIDTH + 8) * 4;
}

/** Copies `depth` rows and `width` columns of a row-major B into panels [depth][8], zeros on the right. */
function packRows(b: usize, stride: usize, depth: i32, width: i32, to: usize): void {
  for (let j = 0; j < width; j += 8) {
    let p = b + ((<usize>j) << 2);
    const left = width - j;
    if (left >= 8) {
      for (let k = 0; k < depth; k++) {
        v128.store(to, load4(p));
        v128.store(to, v128.load(p, 16), 16);
        to += 32;
        p += stride;
      }
      continue;
    }
    for (let k = 0; k < depth; k++) {
      for (let c = 0; c < 8; c++) {
        store<f32>(to + ((<usize>c) << 2), c < left ? load<f32>(p + ((<usize>c) << 2)) : 0.0);
      }
      to += 32;
      p += stride;
    }
  }
}

/** Four columns out of four rows of B^T: a 4 x 4 transpose in registers. */
// @ts-ignore: AssemblyScript decorator
@inline
function packQuad(p0: usize, p1: usize, p2: usize, p3: usize, to: usize): void {
  const r0 = load4(p0);
  const r1 = load4(p1);
  const r2 = load4(p2);
  const r3 = load4(p3);
  const a = i32x4.shuffle(r0, r1, 0, 4, 1, 5);
  const b = i32x4.shuffle(r2, r3, 0, 4, 1, 5);
  const c = i32x4.shuffle(r0, r1, 2, 6, 3, 7);
  const d = i32x4.shuffle(r2, r3, 2, 6, 3, 7);
  v128.store(to, i64x2.shuffle(a, b, 0, 2));
  v128.store(to, i64x2.shuffle(a, b, 1, 3), 32);
  v128.store(to, i64x2.shuffle(c, d, 0, 2), 64);
  v128.store(to, i64x2.shuffle(c, d, 1, 3), 96);
}

/** As `packRows`, out of a B that is stored transposed: [width][depth] with `stride` bytes between its rows. */
function packColumns(b: usize, stride: usize, depth: i32, width: i32, to: usize): void {
  for (let j = 0; j < width; j += 8) {
    const left = min(width - j, 8);
    const row = b + <usize>j * stride;
    let k = 0;
    if (left == 8) {
      for (; k + 4 <= depth; k += 4) {
        const p = row + ((<usize>k) << 2);
        packQuad(p, p + stride, p + 2 * stride, p + 3 * stride, to);
        const q = p + 4 * stride;
        packQuad(q, q + stride, q + 2 * stride, q + 3 * stride, to + 16);
        to += 128;
      }
    }
    for (; k < depth; k++) {
      const p = row + ((<usize>k) << 2);
      for (let c = 0; c < 8; c++) store<f32>(to + ((<usize>c) << 2), c < left ? load<f32>(p + <usize>c * stride) : 0.0);
      to += 32;
    }
  }
}

/** Six columns of a transposed A as [depth][6]; fewer are filled up with the last one. */
function packA(a: usize, stride: usize, depth: i32, rows: i32, to: usize): void {
  if (rows == ROWS) {
    for (let k = 0; k < depth; k++) {
      v128.store(to, load4(a));
      store<u64>(to, load<u64>(a, 16), 16);
      to += 24;
      a += stride;
    }
    return;
  }
  for (let k = 0; k < depth; k++) {
    for (let r = 0; r < ROWS; r++) store<f32>(to + ((<usize>r) << 2), load<f32>(a + ((<usize>min(r, rows - 1)) << 2)));
    to += 24;
    a += stride;
  }
}

// @ts-ignore: AssemblyScript decorator
@inline
function startLow(c: usize, columns: i32): v128 {
  return columns >= 4 ? load4(c) : loadPart(c, columns);
}

// @ts-ignore: AssemblyScript decorator
@inline
function startHigh(c: usize, columns: i32): v128 {
  return columns >= 8 ? v128.load(c, 16) : columns > 4 ? loadPart(c + 16, columns - 4) : splat(0);
}

// @ts-ignore: AssemblyScript decorator
@inline
function finish(c: usize, low: v128, high: v128, columns: i32): void {
  if (columns >= 8) {
    v128.store(c, low);
    v128.store(c, high, 16);
    return;
  }
  if (columns >= 4) {
    v128.store(c, low);
    if (columns > 4) storePart(c + 16, high, columns - 4);
    return;
  }
  storePart(c, low, columns);
}

/** Six rows of A side by side, as `packA` writes them: its size is the way from one inner index to the next. */
@unmanaged
class PackedRows {
  a: f32;
  b: f32;
  c: f32;
  d: f32;
  e: f32;
  f: f32;
}

/** A row of A in place. */
@unmanaged
class PlainRow {
  a: f32;
}

/**
 * rows (1..6) x columns (1..8) of C; `rowStep` bytes between rows of A. Missing rows repeat the last one and are not stored.
 * start: 0 from zero, 1 from C, 2 from `bias`. Four steps along the inner axis are written out.
 */
function micro<Row>(
  a: usize, rowStep: usize, rows: i32,
  b: usize, depth: i32,
  c: usize, stride: usize, columns: i32,
  start: i32, bias: usize,
): void {
  let a0 = a;
  let a1 = rows > 1 ? a0 + rowStep : a0;
  let a2 = rows > 2 ? a1 + rowStep : a1;
  let a3 = rows > 3 ? a2 + rowStep : a2;
  let a4 = rows > 4 ? a3 + rowStep : a3;
  let a5 = rows > 5 ? a4 + rowStep : a4;
  const c1 = rows > 1 ? c + stride : c;
  const c2 = rows > 2 ? c1 + stride : c1;
  const c3 = rows > 3 ? c2 + stride : c2;
  const c4 = rows > 4 ? c3 + stride : c3;
  const c5 = rows > 5 ? c4 + stride : c4;
  let l0 = splat(0), l1 = splat(0), l2 = splat(0), l3 = splat(0), l4 = splat(0), l5 = splat(0);
  let h0 = splat(0), h1 = splat(0), h2 = splat(0), h3 = splat(0), h4 = splat(0), h5 = splat(0);
  if (start == 1) {
    l0 = startLow(c, columns); h0 = startHigh(c, columns);
    l1 = startLow(c1, columns); h1 = startHigh(c1, columns);
    l2 = startLow(c2, columns); h2 = startHigh(c2, columns);
    l3 = startLow(c3, columns); h3 = startHigh(c3, columns);
    l4 = startLow(c4, columns); h4 = startHigh(c4, columns);
    l5 = startLow(c5, columns); h5 = startHigh(c5, columns);
  } else if (start == 2) {
    l0 = startLow(bias, columns);
    h0 = startHigh(bias, columns);
    l1 = l0; l2 = l0; l3 = l0; l4 = l0; l5 = l0;
    h1 = h0; h2 = h0; h3 = h0; h4 = h0; h5 = h0;
  }
  let low: v128, high: v128, x: v128;
  let k = 0;
  for (; k + 4 <= depth; k += 4) {
    low = v128.load(b);
    high = v128.load(b, 16);
    x = v128.load32_splat(a0);
    l0 = fma4(x, low, l0);
    h0 = fma4(x, high, h0);
    x = v128.load32_splat(a1);
    l1 = fma4(x, low, l1);
    h1 = fma4(x, high, h1);
    x = v128.load32_splat(a2);
    l2 = fma4(x, low, l2);
    h2 = fma4(x, high, h2);
    x = v128.load32_splat(a3);
    l3 = fma4(x, low, l3);
    h3 = fma4(x, high, h3);
    x = v128.load32_splat(a4);
    l4 = fma4(x, low, l4);
    h4 = fma4(x, high, h4);
    x = v128.load32_splat(a5);
    l5 = fma4(x, low, l5);
    h5 = fma4(x, high, h5);
    low = v128.load(b, 32);
    high = v128.load(b, 48);
    x = v128.load32_splat(a0, offsetof<Row>());
    l0 = fma4(x, low, l0);
    h0 = fma4(x, high, h0);
    x = v128.load32_splat(a1, offsetof<Row>());
    l1 = fma4(x, low, l1);
    h1 = fma4(x, high, h1);
    x = v128.load32_splat(a2, offsetof<Row>());
    l2 = fma4(x, low, l2);
    h2 = fma4(x, high, h2);
    x = v128.load32_splat(a3, offsetof<Row>());
    l3 = fma4(x, low, l3);
    h3 = fma4(x, high, h3);
    x = v128.load32_splat(a4, offsetof<Row>());
    l4 = fma4(x, low, l4);
    h4 = fma4(x, high, h4);
    x = v128.load32_splat(a5, offsetof<Row>());
    l5 = fma4(x, low, l5);
    h5 = fma4(x, high, h5);
    low = v128.load(b, 64);
    high = v128.load(b, 80);
    x = v128.load32_splat(a0, 2 * offsetof<Row>());
    l0 = fma4(x, low, l0);
    h0 = fma4(x, high, h0);
    x = v128.load32_splat(a1, 2 * offsetof<Row>());
    l1 = fma4(x, low, l1);
    h1 = fma4(x, high, h1);
    x = v128.load32_splat(a2, 2 * offsetof<Row>());
    l2 = fma4(x, low, l2);
    h2 = fma4(x, high, h2);
    x = v128.load32_splat(a3, 2 * offsetof<Row>());
    l3 = fma4(x, low, l3);
    h3 = fma4(x, high, h3);
    x = v128.load32_splat(a4, 2 * offsetof<Row>());
    l4 = fma4(x, low, l4);
    h4 = fma4(x, high, h4);
    x = v128.load32_splat(a5, 2 * offsetof<Row>());
    l5 = fma4(x, low, l5);
    h5 = fma4(x, high, h5);
    low = v128.load(b, 96);
    high = v128.load(b, 112);
    x = v128.load32_splat(a0, 3 * offsetof<Row>());
    l0 = fma4(x, low, l0);
    h0 = fma4(x, high, h0);
    x = v128.load32_splat(a1, 3 * offsetof<Row>());
    l1 = fma4(x, low, l1);
    h1 = fma4(x, high, h1);
    x = v128.load32_splat(a2, 3 * offsetof<Row>());
    l2 = fma4(x, low, l2);
    h2 = fma4(x, high, h2);
    x = v128.load32_splat(a3, 3 * offsetof<Row>());
    l3 = fma4(x, low, l3);
    h3 = fma4(x, high, h3);
    x = v128.load32_splat(a4, 3 * offsetof<Row>());
    l4 = fma4(x, low, l4);
    h4 = fma4(x, high, h4);
    x = v128.load32_splat(a5, 3 * offsetof<Row>());
    l5 = fma4(x, low, l5);
    h5 = fma4(x, high, h5);
    a0 += 4 * offsetof<Row>();
    a1 += 4 * offsetof<Row>();
    a2 += 4 * offsetof<Row>();
    a3 += 4 * offsetof<Row>();
    a4 += 4 * offsetof<Row>();
    a5 += 4 * offsetof<Row>();
    b += 128;
  }
  for (; k < depth; k++) {
    low = v128.load(b);
    high = v128.load(b, 16);
    x = v128.load32_splat(a0);
    l0 = fma4(x, low, l0);
    h0 = fma4(x, high, h0);
    x = v128.load32_splat(a1);
    l1 = fma4(x, low, l1);
    h1 = fma4(x, high, h1);
    x = v128.load32_splat(a2);
    l2 = fma4(x, low, l2);
    h2 = fma4(x, high, h2);
    x = v128.load32_splat(a3);
    l3 = fma4(x, low, l3);
    h3 = fma4(x, high, h3);
    x = v128.load32_splat(a4);
    l4 = fma4(x, low, l4);
    h4 = fma4(x, high, h4);
    x = v128.load32_splat(a5);
    l5 = fma4(x, low, l5);
    h5 = fma4(x, high, h5);
    a0 += offsetof<Row>();
    a1 += offsetof<Row>();
    a2 += offsetof<Row>();
    a3 += offsetof<Row>();
    a4 += offsetof<Row>();
    a5 += offsetof<Row>();
    b += 32;
  }
  // The last row first: a repeated row must not overwrite what an earlier one stored after reading C.
  if (rows > 5) finish(c5, l5, h5, columns);
  if (rows > 4) finish(c4, l4, h4, columns);
  if (rows > 3) finish(c3, l3, h3, columns);
  if (rows > 2) finish(c2, l2, h2, columns);
  if (rows > 1) finish(c1, l1, h1, columns);
  finish(c, l0, h0, columns);
}

/**
 * C [m, n] = op(A) [m, k] op(B) [k, n], strides in floats between stored rows; `accumulate` adds to C, a `bias` [n]
 * (or 0) starts the sums. `scratch` has `gemmScratch()` bytes. k = 0 gives the bias or zeros.
 */
export function gemm(
  m: i32, n: i32, k: i32,
  a: usize, strideA: i32, transposeA: bool,
  b: usize, strideB: i32, transposeB: bool,
  c: usize, strideC: i32,
  bias: usize, accumulate: bool,
  scratch: usize,
): void {
  const rowA = (<usize>strideA) << 2;
  const rowB = (<usize>strideB) << 2;
  const rowC = (<usize>strideC) << 2;
  const packedA = scratch + <usize>(DEPTH * WIDTH * 4);
  for (let j0 = 0; j0 < n; j0 += WIDTH) {
    const width = min(WIDTH, n - j0);
    const biasHere = bias ? bias + ((<usize>j0) << 2) : 0;
    let k0 = 0;
    do {
      const depth = min(DEPTH, k - k0);
      if (transposeB) packColumns(b + <usize>j0 * rowB + ((<usize>k0) << 2), rowB, depth, width, scratch);
      else packRows(b + <usize>k0 * rowB + ((<usize>j0) << 2), rowB, depth, width, scratch);
      const start = k0 > 0 || accumulate ? 1 : bias ? 2 : 0;
      for (let i = 0; i < m; i += ROWS) {
        const rows = min(ROWS, m - i);
        const rowsOfA = a + <usize>i * rowA + ((<usize>k0) << 2);
        if (transposeA) packA(a + <usize>k0 * rowA + ((<usize>i) << 2), rowA, depth, rows, packedA);
        let target = c + <usize>i * rowC + ((<usize>j0) << 2);
        let panel = scratch;
        for (let j = 0; j < width; j += 8) {
          const columns = min(8, width - j);
          const first = biasHere ? biasHere + ((<usize>j) << 2) : 0;
          if (transposeA) micro<PackedRows>(packedA, 4, rows, panel, depth, target, rowC, columns, start, first);
          else micro<PlainRow>(rowsOfA, rowA, rows, panel, depth, target, rowC, columns, start, first);
          panel += <usize>(depth * 32);
          target += 32;
        }
      }
      k0 += DEPTH;
    } while (k0 < k);
  }
}

/** `batch` products; a step (in floats) of 0 repeats the same matrix. */
export function batchGemm(
  batch: i32, m: i32, n: i32, k: i32,
  a: usize, stepA: i32, transposeA: bool,
  b: usize, stepB: i32, transposeB: bool,
  c: usize, scratch: usize,
): void {
  const strideA = transposeA ? m : k;
  const strideB = transposeB ? k : n;
  for (let i = 0; i < batch; i++) {
    gemm(m, n, k, a, strideA, transposeA, b, strideB, transposeB, c, n, 0, false, scratch);
    a += (<usize>stepA) << 2;
    b += (<usize>stepB) << 2;
    c += (<usize>(m * n)) << 2;
  }
}
