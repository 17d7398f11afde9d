// What is read back of many masks at once: bits, sums over each mask, and who wins each pixel.
import { at, exp4, load4, loadPart, splat } from './simd.as';

// @ts-ignore: AssemblyScript decorator
@inline
function padded(count: i32): i32 {
  return (count + 3) & ~3;
}

/** n floats from p, n of 4 or less; zeros behind. */
// @ts-ignore: AssemblyScript decorator
@inline
function loadUpTo4(p: usize, n: i32): v128 {
  return n >= 4 ? load4(p) : loadPart(p, n);
}

// @ts-ignore: AssemblyScript decorator
@inline
function sigmoid4(x: v128): v128 {
  return f32x4.div(splat(1.0), f32x4.add(splat(1.0), exp4(f32x4.neg(x))));
}

/** Bytes of scratch for `maskReadout`: of each mask a sum in float64, one of a block in float32, and a count. */
export function maskReadoutScratch(count: i32): i32 {
  return 16 * padded(count);
}

/** Pixels whose shares are summed in float32 before the sum goes to float64. */
const block = 1024;

/** logits [pixels, count] -> words [pixels, ceil(count / 24)], areas [count], shares [count]. */
export function maskReadout(
  logits: usize,
  words: usize,
  areas: usize,
  shares: usize,
  pixels: i32,
  count: i32,
  scratch: usize,
): void {
  const width = padded(count);
  const totals = scratch;
  const sums = totals + 8 * <usize>width;
  const counts = at(sums, width);
  memory.fill(scratch, 0, 16 * <usize>width);
  for (let p = 0; p < pixels; p++) {
    for (let first = 0; first < count; first += 24) {
      const end = min(first + 24, count);
      let word = 0;
      for (let s = first; s < end; s += 4) {
        const x = loadUpTo4(at(logits, s), count - s);
        const inside = f32x4.gt(x, splat(0));
        const flags = i32x4.bitmask(inside);
        if (flags === 0) continue;
        word |= flags << (s - first);
        v128.store(at(counts, s), i32x4.sub(load4(at(counts, s)), inside));
        v128.store(at(sums, s), f32x4.add(load4(at(sums, s)), v128.and(sigmoid4(x), inside)));
      }
      store<f32>(words, <f32>word);
      words += 4;
    }
    logits = at(logits, count);
    if ((p + 1) % block !== 0 && p + 1 < pixels) continue;
    for (let s = 0; s < count; s++) {
      const total = totals + 8 * <usize>s;
      store<f64>(total, load<f64>(total) + <f64>load<f32>(at(sums, s)));
      store<f32>(at(sums, s), 0);
    }
  }
  for (let s = 0; s < count; s++) {
    store<f32>(at(areas, s), <f32>load<i32>(at(counts, s)));
    store<f32>(at(shares, s), <f32>load<f64>(totals + 8 * <usize>s));
  }
}

/** Bytes of scratch for `maskContest`: three counts a mask. */
export function maskContestScratch(count: i32): i32 {
  return 12 * padded(count);
}

/** logits [pixels, count], scores [count] -> winner, inside [pixels] (int32), areas [count], taken [count, 2]. */
export function maskContest(
  logits: usize,
  scores: usize,
  winner: usize,
  inside: usize,
  areas: usize,
  taken: usize,
  pixels: i32,
  count: i32,
  scratch: usize,
): void {
  const width = padded(count);
  const own = scratch;
  const won = at(own, width);
  const kept = at(won, width);
  memory.fill(scratch, 0, 12 * <usize>width);
  for (let p = 0; p < pixels; p++) {
    // Of each of the four columns the best mask so far.
    let best = splat(-1.0);
    let bestInside = i32x4.splat(0);
    let bestMask = i32x4.splat(0);
    let index = i32x4(0, 1, 2, 3);
    for (let s = 0; s < count; s += 4) {
      const x = loadUpTo4(at(logits, s), count - s);
      const score = loadUpTo4(at(scores, s), count - s);
      const isInside = f32x4.ge(x, splat(0));
      v128.store(at(own, s), i32x4.sub(load4(at(own, s)), isInside));
      const value = f32x4.mul(sigmoid4(x), score);
      const better = f32x4.gt(value, best);
      best = v128.bitselect(value, best, better);
      bestInside = v128.bitselect(isInside, bestInside, better);
      bestMask = v128.bitselect(index, bestMask, better);
      index = i32x4.add(index, i32x4.splat(4));
    }
    let value = f32x4.extract_lane(best, 0);
    let inMask = i32x4.extract_lane(bestInside, 0);
    let mask = i32x4.extract_lane(bestMask, 0);
    for (let lane = 1; lane < 4; lane++) {
      best = i8x16.shuffle(best, best, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3);
      bestInside = i8x16.shuffle(bestInside, bestInside, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3);
      bestMask = i8x16.shuffle(bestMask, bestMask, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3);
      const other = f32x4.extract_lane(best, 0);
      const candidate = i32x4.extract_lane(bestMask, 0);
      if (other > value || (other === value && candidate < mask)) {
        value = other;
        mask = candidate;
        inMask = i32x4.extract_lane(bestInside, 0);
      }
    }
    store<i32>(at(winner, p), mask);
    store<i32>(at(inside, p), -inMask);
    store<i32>(at(won, mask), load<i32>(at(won, mask)) + 1);
    store<i32>(at(kept, mask), load<i32>(at(kept, mask)) - inMask);
    logits = at(logits, count);
  }
  for (let s = 0; s < count; s++) {
    store<f32>(at(areas, s), <f32>load<i32>(at(own, s)));
    store<f32>(at(taken, 2 * s), <f32>load<i32>(at(won, s)));
    store<f32>(at(taken, 2 * s + 1), <f32>load<i32>(at(kept, s)));
  }
}
