// Pairwise mask costs of a matcher: what every query's mask costs against every target, on points that all masks share.
import { exp4, fma4, load4, loadPart, splat, sum4 } from './simd.as';

// @ts-ignore: AssemblyScript decorator
@inline
function at(p: usize, i: i32): usize {
  return p + ((<usize>i) << 2);
}

/** Bytes of one point's taps: four cells (int32), then their four shares. */
const tapBytes: usize = 32;

/** Floats of scratch for `maskCosts`: taps, logits and sigmoids padded to vectors, one sum a target. */
export function maskCostsScratch(points: i32, targets: i32): i32 {
  return 8 * points + 2 * (points + 4) + targets + 4;
}

/** The four cells of an h x w map around each point (x, y in 0..1), and their bilinear shares, 0 outside the map. */
function writeTaps(points: usize, taps: usize, count: i32, height: i32, width: i32): void {
  for (let p = 0; p < count; p++) {
    const x = load<f32>(at(points, 2 * p)) * <f32>width - 0.5;
    const y = load<f32>(at(points, 2 * p + 1)) * <f32>height - 0.5;
    const inside = x > -1.0 && y > -1.0 && x < <f32>width && y < <f32>height;
    const left = inside ? <i32>floor(x) : 0;
    const top = inside ? <i32>floor(y) : 0;
    const right = x - <f32>left;
    const lower = y - <f32>top;
    for (let k = 0; k < 4; k++) {
      const column = left + (k & 1);
      const row = top + (k >> 1);
      const shown = inside && column >= 0 && column < width && row >= 0 && row < height;
      store<i32>(at(taps, k), shown ? row * width + column : 0);
      const share: f32 = (k & 1 ? right : 1.0 - right) * (k >> 1 ? lower : 1.0 - lower);
      store<f32>(at(taps, 4 + k), shown ? share : 0.0);
    }
    taps += tapBytes;
  }
}

/** ln m for m in [1, 2): the series of 2 artanh((m - 1) / (m + 1)). */
function logMantissa(m: f64): f64 {
  const z = (m - 1.0) / (m + 1.0);
  const z2 = z * z;
  let sum = 1.0 / 17.0;
  for (let k = 15; k >= 1; k -= 2) sum = sum * z2 + 1.0 / <f64>k;
  return 2.0 * z * sum;
}

/** The sum of products of two rows of n floats, n padded in `x` only. */
// @ts-ignore: AssemblyScript decorator
@inline
function dot(x: usize, t: usize, n: i32): f32 {
  let sum = splat(0);
  let i = 0;
  for (; i + 4 <= n; i += 4) sum = fma4(load4(at(x, i)), load4(at(t, i)), sum);
  if (i < n) sum = fma4(load4(at(x, i)), loadPart(at(t, i), n - i), sum);
  return sum4(sum);
}

/**
 * One picture's masks [queries, h, w] (logits) against its targets [count, n] at n points: mean cross-entropy and dice, written
 * to [count, queries] with `step` floats from target to target. A softplus is relu(x) + ln(1 + exp(-|x|)); of the second parts the product is
 * kept, its exponent in an integer, so that a mask takes one logarithm.
 */
export function maskCosts(
  masks: usize,
  points: usize,
  targets: usize,
  crossEntropy: usize,
  dice: usize,
  queries: i32,
  height: i32,
  width: i32,
  n: i32,
  count: i32,
  step: i32,
  scratch: usize,
): void {
  const taps = scratch;
  const logits = taps + <usize>n * tapBytes;
  const shares = at(logits, n + 4);
  const areas = at(shares, n + 4);
  writeTaps(points, taps, n, height, width);
  for (let t = 0; t < count; t++) {
    let sum = splat(0);
    const row = at(targets, t * n);
    let i = 0;
    for (; i + 4 <= n; i += 4) sum = f32x4.add(sum, load4(at(row, i)));
    if (i < n) sum = f32x4.add(sum, loadPart(at(row, i), n - i));
    store<f32>(at(areas, t), sum4(sum));
  }
  for (let q = 0; q < queries; q++) {
    let tap = taps;
    for (let p = 0; p < n; p++) {
      let x = load<f32>(at(masks, load<i32>(tap))) * load<f32>(tap, 16);
      x += load<f32>(at(masks, load<i32>(tap, 4))) * load<f32>(tap, 20);
      x += load<f32>(at(masks, load<i32>(tap, 8))) * load<f32>(tap, 24);
      x += load<f32>(at(masks, load<i32>(tap, 12))) * load<f32>(tap, 28);
      store<f32>(at(logits, p), x);
      tap += tapBytes;
    }
    // What fills the last vector adds nothing to any sum.
    for (let p = n; p < n + 4; p++) store<f32>(at(logits, p), -200.0);
    let ups = splat(0);
    let area = splat(0);
    let product = splat(1.0);
    let exponents = i32x4.splat(0);
    for (let p = 0; p < n; p += 4) {
      const x = load4(at(logits, p));
      const e = exp4(f32x4.neg(f32x4.abs(x)));
      const whole = f32x4.add(e, splat(1.0));
      const share = f32x4.div(v128.bitselect(e, splat(1.0), f32x4.lt(x, splat(0))), whole);
      v128.store(at(shares, p), share);
      area = f32x4.add(area, share);
      ups = f32x4.add(ups, f32x4.max(x, splat(0)));
      product = f32x4.mul(product, whole);
      exponents = i32x4.add(exponents, i32x4.sub(i32x4.shr_u(product, 23), i32x4.splat(127)));
      product = v128.or(v128.and(product, i32x4.splat(0x007fffff)), i32x4.splat(0x3f800000));
    }
    const halvings =
      i32x4.extract_lane(exponents, 0) +
      i32x4.extract_lane(exponents, 1) +
      i32x4.extract_lane(exponents, 2) +
      i32x4.extract_lane(exponents, 3);
    const logarithm =
      <f64>halvings * 0.6931471805599453 +
      logMantissa(<f64>f32x4.extract_lane(product, 0)) +
      logMantissa(<f64>f32x4.extract_lane(product, 1)) +
      logMantissa(<f64>f32x4.extract_lane(product, 2)) +
      logMantissa(<f64>f32x4.extract_lane(product, 3));
    const softplus = sum4(ups) + <f32>logarithm;
    const covered = sum4(area);
    // The padding must not meet what lies behind a row of targets.
    for (let p = n; p < n + 4; p++) store<f32>(at(logits, p), 0.0);
    for (let t = 0; t < count; t++) {
      const row = at(targets, t * n);
      const out = t * step + q;
      store<f32>(at(crossEntropy, out), (softplus - dot(logits, row, n)) / <f32>n);
      const overlap = dot(shares, row, n);
      store<f32>(at(dice, out), 1.0 - (2.0 * overlap + 1.0) / (covered + load<f32>(at(areas, t)) + 1.0));
    }
    masks = at(masks, height * width);
  }
}
