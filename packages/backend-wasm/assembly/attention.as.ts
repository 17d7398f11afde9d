// Multi-head attention without projections. Queries are taken 64 rows at a time, so that the weights stay small; the
// gradient recomputes them.
import { gemm } from './gemm.as';
import { at } from './simd.as';
import { softmaxRow, softmaxRowGrad } from './softmax.as';

const CHUNK: i32 = 64;

// @ts-ignore: AssemblyScript decorator
@inline
function padded(n: i32): i32 {
  return (n + 3) & ~3;
}

/** Floats of scratch beside `gemmScratch()`: weights and their gradients of a chunk, one key mask, one row of the block mask. */
export function attentionScratch(keys: i32): i32 {
  return (2 * CHUNK + 2) * padded(keys);
}

/** The weights [rows, padded(keys)] of `rows` queries of one head. `keyRow` and `blockRow` are padded scratch rows or 0. */
function weights(
  q: usize, k: usize, stride: i32, rows: i32, keys: i32, depth: i32, scale: f32,
  keyRow: usize, blockMask: usize, blockRow: usize,
  p: usize, products: usize,
): void {
  const line = padded(keys);
  gemm(rows, keys, depth, q, stride, false, k, stride, true, p, line, 0, false, products);
  for (let i = 0; i < rows; i++) {
    if (blockMask) memory.copy(blockRow, at(blockMask, i * keys), (<usize>keys) << 2);
    softmaxRow(at(p, i * line), keys, scale, 0, keyRow, blockMask ? blockRow : 0);
  }
}

/** q [B, Lq, C], k, v [B, Lk, C], keyMask [B, Lk] or 0, blockMask [Lq, Lk] or 0 -> y [B, Lq, C]. */
export function attention(
  q: usize, k: usize, v: usize, keyMask: usize, blockMask: usize, y: usize,
  batch: i32, queries: i32, keys: i32, channels: i32, heads: i32, scratch: usize, products: usize,
): void {
  const depth = channels / heads;
  const scale: f32 = 1.0 / sqrt<f32>(<f32>depth);
  const line = padded(keys);
  const p = scratch;
  const keyRow = at(scratch, 2 * CHUNK * line);
  const blockRow = at(keyRow, line);
  for (let b = 0; b < batch; b++) {
    if (keyMask) memory.copy(keyRow, at(keyMask, b * keys), (<usize>keys) << 2);
    for (let h = 0; h < heads; h++) {
      const kh = at(k, b * keys * channels + h * depth);
      const vh = at(v, b * keys * channels + h * depth);
      for (let i = 0; i < queries; i += CHUNK) {
        const rows = min(CHUNK, queries - i);
        const offset = (b * queries + i) * channels + h * depth;
        weights(
          at(q, offset), kh, channels, rows, keys, depth, scale,
          keyMask ? keyRow : 0, blockMask ? at(blockMask, i * keys) : 0, blockRow, p, products,
        );
        gemm(rows, depth, keys, p, line, false, vh, channels, false, at(y, offset), channels, 0, false, products);
      }
    }
  }
}

/** Scales `rows` rows of `n` floats that lie `stride` apart. */
function scaleRows(x: usize, rows: i32, n: i32, stride: i32, factor: f32): void {
  for (let r = 0; r < rows; r++) {
    const p = at(x, r * stride);
    for (let i = 0; i < n; i++) store<f32>(at(p, i), load<f32>(at(p, i)) * factor);
  }
}

export function attentionGrad(
  dy: usize, q: usize, k: usize, v: usize, keyMask: usize, blockMask: usize,
  dq: usize, dk: usize, dv: usize,
  batch: i32, queries: i32, keys: i32, channels: i32, heads: i32, scratch: usize, products: usize,
): void {
  const depth = channels / heads;
  const scale: f32 = 1.0 / sqrt<f32>(<f32>depth);
  const line = padded(keys);
  const p = scratch;
  const d = at(scratch, CHUNK * line);
  const keyRow = at(scratch, 2 * CHUNK * line);
  const blockRow = at(keyRow, line);
  memory.fill(scratch, 0, (<usize>(2 * CHUNK * line)) << 2);
  if (queries == 0) {
    memory.fill(dk, 0, (<usize>(batch * keys * channels)) << 2);
    memory.fill(dv, 0, (<usize>(batch * keys * channels)) << 2);
  }
  for (let b = 0; b < batch; b++) {
    if (keyMask) memory.copy(keyRow, at(keyMask, b * keys), (<usize>keys) << 2);
    for (let h = 0; h < heads; h++) {
      const side = b * keys * channels + h * depth;
      for (let i = 0; i < queries; i += CHUNK) {
        const rows = min(CHUNK, queries - i);
        const offset = (b * queries + i) * channels + h * depth;
        weights(
          at(q, offset), at(k, side), channels, rows, keys, depth, scale,
          keyMask ? keyRow : 0, blockMask ? at(blockMask, i * keys) : 0, blockRow, p, products,
        );
        const more = i > 0;
        gemm(keys, depth, rows, p, line, true, at(dy, offset), channels, false, at(dv, side), channels, 0, more, products);
        gemm(rows, keys, depth, at(dy, offset), channels, false, at(v, side), channels, true, d, line, 0, false, products);
        for (let r = 0; r < rows; r++) softmaxRowGrad(at(p, r * line), at(d, r * line), keys);
        gemm(rows, depth, keys, d, line, false, at(k, side), channels, false, at(dq, offset), channels, 0, false, products);
        gemm(keys, depth, rows, d, line, true, at(q, offset), channels, false, at(dk, side), channels, 0, more, products);
        scaleRows(at(dq, offset), rows, depth, channels, scale);
      }
      if (queries > 0) scaleRows(at(dk, side), keys, depth, channels, scale);
    }
  }
}
