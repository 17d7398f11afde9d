// Pairwise mask costs of a matcher: what every query's mask costs against every target, on points that all masks share.
import { at, exp4, fma4, load4, splat } from './simd.as';
import { flip } from './transpose.as';

/** Queries that are worked on together, one in each lane of two vectors. */
const lanes: i32 = 8;

/** Points whose sums are taken together: their factors in 1..2 have a product that float32 holds. */
const block: i32 = 64;

/** Bytes of one point's taps: four cells (bytes from the first), then their four shares. */
const tapBytes: usize = 32;

/** Bytes of one point's logits and sigmoids, `lanes` of each. */
const pointBytes: i32 = 8 * lanes;

/** Bytes of one entry: where in a block's logits the point stands, and a target's value there. */
const entryBytes: usize = 8;

/** Bytes of what is summed over points of one vector of queries: relu(x), sigmoid(x), and exponent and mantissa of the product of 1 + exp(-|x|). */
const sumsBytes: i32 = 64;

// @ts-ignore: AssemblyScript decorator
@inline
function blocks(points: i32): i32 {
  return (points + block - 1) / block;
}

/** Values of `targets` [n] that are not 0. */
export function maskCostsEntries(targets: usize, n: i32): i32 {
  let entries = 0;
  for (let i = 0; i < n; i++) entries += i32(load<f32>(at(targets, i)) != 0);
  return entries;
}

/** Bytes of scratch for `maskCosts`: a part that holds for a picture, and one that a group of queries needs. */
export function maskCostsScratch(points: i32, targets: i32, entries: i32, cells: i32): i32 {
  const picture = <i32>tapBytes * points + <i32>entryBytes * entries + 4 * (blocks(points) * targets + 1) + 4 * targets;
  return picture + 4 * lanes * cells + pointBytes * block + 2 * sumsBytes + pointBytes * targets;
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
      store<i32>(at(taps, k), shown ? 4 * lanes * (row * width + column) : 0);
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

/**
 * Lists a picture's targets [count, n] block by block, and in a block target by target; most values of masks are 0. `starts` gets the first entry
 * of each block and target, and the end; `areas` [count] the sums.
 */
function writeEntries(targets: usize, entries: usize, starts: usize, areas: usize, n: i32, count: i32): void {
  memory.fill(areas, 0, (<usize>count) << 2);
  let total = 0;
  for (let first = 0; first < n; first += block) {
    const end = min(first + block, n);
    for (let t = 0; t < count; t++) {
      store<i32>(starts, total);
      starts += 4;
      let area: f32 = 0;
      for (let p = first; p < end; p++) {
        const value = load<f32>(at(targets, t * n + p));
        if (value == 0) continue;
        const entry = entries + <usize>total * entryBytes;
        store<i32>(entry, (p - first) * pointBytes);
        store<f32>(entry, value, 4);
        area += value;
        total++;
      }
      store<f32>(at(areas, t), load<f32>(at(areas, t)) + area);
    }
  }
  store<i32>(starts, total);
}

/** Writes to scratch what all masks of a picture share: the taps of its n points in an h x w map, and its targets [count, n] as lists. */
export function maskCostsPicture(
  points: usize, targets: usize, height: i32, width: i32, n: i32, count: i32, entries: i32, scratch: usize,
): void {
  const lists = scratch + <usize>n * tapBytes;
  const starts = lists + <usize>entries * entryBytes;
  writeTaps(points, scratch, n, height, width);
  writeEntries(targets, lists, starts, at(starts, blocks(n) * count + 1), n, count);
}

function clearSums(sums: usize): void {
  v128.store(sums, splat(0));
  v128.store(sums, splat(0), 16);
  v128.store(sums, splat(0), 32);
  v128.store(sums, splat(1.0), 48);
}

/** Logits of one vector of queries at the points of a block, their sigmoids, and what is summed over them. */
function lookAt(cells: usize, tap: usize, values: usize, sums: usize, count: i32): void {
  let ups = splat(0);
  let area = splat(0);
  let product = splat(1.0);
  const one = splat(1.0);
  for (let i = 0; i < count; i++) {
    let x = f32x4.mul(load4(cells + load<i32>(tap)), v128.load32_splat(tap, 16));
    x = f32x4.add(x, f32x4.mul(load4(cells + load<i32>(tap, 4)), v128.load32_splat(tap, 20)));
    x = f32x4.add(x, f32x4.mul(load4(cells + load<i32>(tap, 8)), v128.load32_splat(tap, 24)));
    x = f32x4.add(x, f32x4.mul(load4(cells + load<i32>(tap, 12)), v128.load32_splat(tap, 28)));
    const e = exp4(f32x4.neg(f32x4.abs(x)));
    const whole = f32x4.add(e, one);
    const share = f32x4.div(v128.bitselect(e, one, f32x4.lt(x, splat(0))), whole);
    v128.store(values, x);
    v128.store(values, share, 4 * lanes);
    ups = f32x4.add(ups, f32x4.pmax(x, splat(0)));
    area = f32x4.add(area, share);
    product = f32x4.mul(product, whole);
    tap += tapBytes;
    values += pointBytes;
  }
  v128.store(sums, f32x4.add(v128.load(sums), ups));
  v128.store(sums, f32x4.add(v128.load(sums, 16), area), 16);
  product = f32x4.mul(product, v128.load(sums, 48));
  const exponents = i32x4.sub(i32x4.shr_u(product, 23), i32x4.splat(127));
  v128.store(sums, i32x4.add(v128.load(sums, 32), exponents), 32);
  v128.store(sums, v128.or(v128.and(product, i32x4.splat(0x007fffff)), i32x4.splat(0x3f800000)), 48);
}

/** Adds a block's logits times targets, and sigmoids times targets, to `products`: of each target two rows of `lanes`. */
function multiply(values: usize, entries: usize, starts: usize, products: usize, count: i32): void {
  for (let t = 0; t < count; t++) {
    let entry = entries + <usize>load<i32>(starts) * entryBytes;
    starts += 4;
    const end = entries + <usize>load<i32>(starts) * entryBytes;
    if (entry !== end) {
      let x0 = splat(0);
      let x1 = splat(0);
      let s0 = splat(0);
      let s1 = splat(0);
      for (; entry < end; entry += entryBytes) {
        const point = values + load<i32>(entry);
        const value = v128.load32_splat(entry, 4);
        x0 = fma4(load4(point), value, x0);
        x1 = fma4(v128.load(point, 16), value, x1);
        s0 = fma4(v128.load(point, 32), value, s0);
        s1 = fma4(v128.load(point, 48), value, s1);
      }
      v128.store(products, f32x4.add(v128.load(products), x0));
      v128.store(products, f32x4.add(v128.load(products, 16), x1), 16);
      v128.store(products, f32x4.add(v128.load(products, 32), s0), 32);
      v128.store(products, f32x4.add(v128.load(products, 48), s1), 48);
    }
    products += pointBytes;
  }
}

/**
 * Masks [queries, h, w] (logits) of one layer against the targets of `maskCostsPicture`: mean cross-entropy and dice, written to [count, queries]
 * with `step` floats from target to target. A softplus is relu(x) + ln(1 + exp(-|x|)); of the second parts the product is kept, so that a mask
 * takes one logarithm.
 */
export function maskCosts(
  masks: usize, crossEntropy: usize, dice: usize, queries: i32, height: i32, width: i32,
  n: i32, count: i32, entries: i32, step: i32, scratch: usize,
): void {
  const lists = scratch + <usize>n * tapBytes;
  const starts = lists + <usize>entries * entryBytes;
  const areas = at(starts, blocks(n) * count + 1);
  const cells = at(areas, count);
  const values = at(cells, lanes * height * width);
  const sums = values + pointBytes * block;
  const products = sums + 2 * sumsBytes;
  for (let q = 0; q < queries; q += lanes) {
    const own = min(lanes, queries - q);
    flip(at(masks, q * height * width), height * width, cells, lanes, own, height * width);
    clearSums(sums);
    clearSums(sums + sumsBytes);
    memory.fill(products, 0, count * pointBytes);
    for (let b = 0; b < blocks(n); b++) {
      const taps = scratch + <usize>(b * block) * tapBytes;
      const points = min(block, n - b * block);
      lookAt(cells, taps, values, sums, points);
      if (own > 4) lookAt(cells + 16, taps, values + 16, sums + sumsBytes, points);
      multiply(values, lists, at(starts, b * count), products, count);
    }
    for (let k = 0; k < own; k++) {
      const lane = sums + (k >> 2) * sumsBytes + 4 * (k & 3);
      const logarithm = <f64>load<i32>(lane, 32) * 0.6931471805599453 + logMantissa(<f64>load<f32>(lane, 48));
      const softplus = load<f32>(lane) + <f32>logarithm;
      const covered = load<f32>(lane, 16);
      for (let t = 0; t < count; t++) {
        const product = products + t * pointBytes + 4 * k;
        const out = t * step + q + k;
        store<f32>(at(crossEntropy, out), (softplus - load<f32>(product)) / <f32>n);
        const overlap = load<f32>(product, 4 * lanes);
        store<f32>(at(dice, out), 1.0 - (2.0 * overlap + 1.0) / (covered + load<f32>(at(areas, t)) + 1.0));
      }
    }
  }
}
