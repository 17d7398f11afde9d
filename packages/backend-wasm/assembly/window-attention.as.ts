// Shifted-window self-attention on a map: the roll, the partition into windows and its inverse are address arithmetic.
// q, k and v of one window and head are gathered into dense scratch, where the small products run.
import { gemm } from './gemm.as';
import { at, load4, splat } from './simd.as';
import { softmaxRow, softmaxRowGrad } from './softmax.as';

// @ts-ignore: AssemblyScript decorator
@inline
function padded(n: i32): i32 {
  return (n + 3) & ~3;
}

/** Floats of scratch beside `gemmScratch()` for windows of n positions and heads of `depth` channels. */
export function windowAttentionScratch(n: i32, depth: i32): i32 {
  return 2 * n + n * padded(n) * 2 + padded(n) * 2 + 7 * n * depth;
}

/**
 * Byte offsets of a window's positions from the map's first float, counted in positions, into `index` [n]; their shift
 * regions into `region` [n]. Returns true if the window holds more than one region.
 */
function locate(
  height: i32, width: i32, windowH: i32, windowW: i32, shiftH: i32, shiftW: i32, wy: i32, wx: i32,
  index: usize, region: usize,
): bool {
  let first = -1;
  let mixed = false;
  let t = 0;
  for (let i = 0; i < windowH; i++) {
    const y = wy * windowH + i;
    const ry = shiftH == 0 ? 0 : y < height - windowH ? 0 : y < height - shiftH ? 1 : 2;
    let sy = y + shiftH;
    if (sy >= height) sy -= height;
    for (let j = 0; j < windowW; j++) {
      const x = wx * windowW + j;
      const rx = shiftW == 0 ? 0 : x < width - windowW ? 0 : x < width - shiftW ? 1 : 2;
      let sx = x + shiftW;
      if (sx >= width) sx -= width;
      const r = ry * 3 + rx;
      store<i32>(at(index, t), sy * width + sx);
      store<i32>(at(region, t), r);
      if (first < 0) first = r;
      else if (r != first) mixed = true;
      t++;
    }
  }
  return mixed;
}

/** Dense [n, depth] out of rows of `stride` floats, times `factor`. */
function gather(from: usize, stride: i32, index: usize, n: i32, depth: i32, to: usize, factor: f32): void {
  const f = splat(factor);
  for (let t = 0; t < n; t++) {
    const p = at(from, load<i32>(at(index, t)) * stride);
    let c = 0;
    for (; c + 4 <= depth; c += 4) v128.store(at(to, c), f32x4.mul(load4(at(p, c)), f));
    for (; c < depth; c++) store<f32>(at(to, c), load<f32>(at(p, c)) * factor);
    to = at(to, depth);
  }
}

function scatter(from: usize, stride: i32, index: usize, n: i32, depth: i32, to: usize, factor: f32): void {
  const f = splat(factor);
  for (let t = 0; t < n; t++) {
    const p = at(to, load<i32>(at(index, t)) * stride);
    let c = 0;
    for (; c + 4 <= depth; c += 4) v128.store(at(p, c), f32x4.mul(load4(at(from, c)), f));
    for (; c < depth; c++) store<f32>(at(p, c), load<f32>(at(from, c)) * factor);
    from = at(from, depth);
  }
}

/** Rows of logits get the bias and -100 between different regions, then softmax over the visible keys. */
function weigh(p: usize, n: i32, bias: usize, mixed: bool, region: usize, mask: usize, row: usize): void {
  const line = padded(n);
  for (let i = 0; i < n; i++) {
    const b = at(bias, i * n);
    if (mixed) {
      const own = load<i32>(at(region, i));
      for (let j = 0; j < n; j++) {
        store<f32>(at(row, j), load<f32>(at(b, j)) + (load<i32>(at(region, j)) == own ? <f32>0.0 : <f32>-100.0));
      }
    } else {
      memory.copy(row, b, (<usize>n) << 2);
    }
    softmaxRow(at(p, i * line), n, 1.0, row, mask, 0);
  }
}

/** The key mask of the window's positions, to `mask` [padded(n)]. */
function gatherMask(keyMask: usize, index: usize, n: i32, mask: usize): void {
  for (let t = 0; t < n; t++) store<f32>(at(mask, t), load<f32>(at(keyMask, load<i32>(at(index, t)))));
}

/** qkv [B, H, W, 3C], bias [heads, n, n], keyMask [B, H, W] or 0 -> y [B, H, W, C]. */
export function windowAttention(
  qkv: usize, bias: usize, keyMask: usize, y: usize,
  batch: i32, height: i32, width: i32, channels: i32, heads: i32,
  windowH: i32, windowW: i32, shiftH: i32, shiftW: i32, scratch: usize, products: usize,
): void {
  const n = windowH * windowW;
  const depth = channels / heads;
  const scale: f32 = 1.0 / sqrt<f32>(<f32>depth);
  const line = padded(n);
  const index = scratch;
  const region = at(index, n);
  const p = at(region, n);
  const row = at(p, n * line);
  const mask = at(row, line);
  const q = at(mask, line);
  const k = at(q, n * depth);
  const v = at(k, n * depth);
  const o = at(v, n * depth);
  const map = height * width;
  for (let b = 0; b < batch; b++) {
    const source = at(qkv, b * map * 3 * channels);
    for (let wy = 0; wy < height / windowH; wy++) {
      for (let wx = 0; wx < width / windowW; wx++) {
        const mixed = locate(height, width, windowH, windowW, shiftH, shiftW, wy, wx, index, region);
        if (keyMask) gatherMask(at(keyMask, b * map), index, n, mask);
        for (let h = 0; h < heads; h++) {
          const head = at(source, h * depth);
          gather(head, 3 * channels, index, n, depth, q, scale);
          gather(at(head, channels), 3 * channels, index, n, depth, k, 1.0);
          gather(at(head, 2 * channels), 3 * channels, index, n, depth, v, 1.0);
          gemm(n, n, depth, q, depth, false, k, depth, true, p, line, 0, false, products);
          weigh(p, n, at(bias, h * n * n), mixed, region, keyMask ? mask : 0, row);
          gemm(n, depth, n, p, line, false, v, depth, false, o, depth, 0, false, products);
          scatter(o, channels, index, n, depth, at(y, b * map * channels + h * depth), 1.0);
        }
      }
    }
  }
}

/** Gradients of qkv and of bias. */
export function windowAttentionGrad(
  dy: usize, qkv: usize, bias: usize, keyMask: usize, dqkv: usize, dbias: usize,
  batch: i32, height: i32, width: i32, channels: i32, heads: i32,
  windowH: i32, windowW: i32, shiftH: i32, shiftW: i32, scratch: usize, products: usize,
): void {
  const n = windowH * windowW;
  const depth = channels / heads;
  const scale: f32 = 1.0 / sqrt<f32>(<f32>depth);
  const line = padded(n);
  const size = n * depth;
  const index = scratch;
  const region = at(index, n);
  const p = at(region, n);
  const d = at(p, n * line);
  const row = at(d, n * line);
  const mask = at(row, line);
  const q = at(mask, line);
  const k = at(q, size);
  const v = at(k, size);
  const g = at(v, size);
  const gq = at(g, size);
  const gk = at(gq, size);
  const gv = at(gk, size);
  const map = height * width;
  memory.fill(p, 0, (<usize>(2 * n * line)) << 2);
  memory.fill(dbias, 0, (<usize>(heads * n * n)) << 2);
  for (let b = 0; b < batch; b++) {
    const source = at(qkv, b * map * 3 * channels);
    const target = at(dqkv, b * map * 3 * channels);
    for (let wy = 0; wy < height / windowH; wy++) {
      for (let wx = 0; wx < width / windowW; wx++) {
        const mixed = locate(height, width, windowH, windowW, shiftH, shiftW, wy, wx, index, region);
        if (keyMask) gatherMask(at(keyMask, b * map), index, n, mask);
        for (let h = 0; h < heads; h++) {
          const head = at(source, h * depth);
          gather(head, 3 * channels, index, n, depth, q, scale);
          gather(at(head, channels), 3 * channels, index, n, depth, k, 1.0);
          gather(at(head, 2 * channels), 3 * channels, index, n, depth, v, 1.0);
          gather(at(dy, b * map * channels + h * depth), channels, index, n, depth, g, 1.0);
          gemm(n, n, depth, q, depth, false, k, depth, true, p, line, 0, false, products);
          weigh(p, n, at(bias, h * n * n), mixed, region, keyMask ? mask : 0, row);
          gemm(n, depth, n, p, line, true, g, depth, false, gv, depth, 0, false, products);
          gemm(n, n, depth, g, depth, false, v, depth, true, d, line, 0, false, products);
          for (let i = 0; i < n; i++) {
            softmaxRowGrad(at(p, i * line), at(d, i * line), n);
            const to = at(dbias, (h * n + i) * n);
            for (let j = 0; j < n; j++) store<f32>(at(to, j), load<f32>(at(to, j)) + load<f32>(at(d, i * line + j)));
          }
          gemm(n, depth, n, d, line, false, k, depth, false, gq, depth, 0, false, products);
          gemm(n, depth, n, d, line, true, q, depth, false, gk, depth, 0, false, products);
          const to = at(target, h * depth);
          scatter(gq, 3 * channels, index, n, depth, to, scale);
          scatter(gk, 3 * channels, index, n, depth, at(to, channels), 1.0);
          scatter(gv, 3 * channels, index, n, depth, at(to, 2 * channels), 1.0);
        }
      }
    }
  }
}
