// Bilinear samples of maps at points, four points at a time.
import { at, load4, splat, storePart } from './simd.as';

/** Rows or columns of zeros around a map: one before it and two behind, so that a point outside finds zeros and no special case. */
const margin: i32 = 3;

/** Bytes of scratch for `samplePoints`: one map with its margin, and four points. */
export function samplePointsScratch(height: i32, width: i32): i32 {
  return 4 * (height + margin) * (width + margin) + 32;
}

/** Points (x, y in 0..1) as pixels of a map of this length, pixel centres at whole numbers; what lies outside, or is NaN, is put on the margin. */
// @ts-ignore: AssemblyScript decorator
@inline
function pixels(coordinate: v128, length: i32): v128 {
  const pixel = f32x4.sub(f32x4.mul(coordinate, splat(<f32>length)), splat(0.5));
  return f32x4.pmin(f32x4.pmax(splat(-1.0), pixel), splat(<f32>length));
}

/** Two neighbouring values at each of two places. */
// @ts-ignore: AssemblyScript decorator
@inline
function pairs(a: usize, b: usize): v128 {
  return v128.load64_lane(b, v128.load64_zero(a), 1);
}

/** Samples at the four points x, y, x, y, … of `points`; `map` is where the map's first pixel stands between its margins. */
// @ts-ignore: AssemblyScript decorator
@inline
function sample4(points: usize, map: usize, height: i32, width: i32): v128 {
  const first = load4(points);
  const second = v128.load(points, 16);
  const x = pixels(f32x4.shuffle(first, second, 0, 2, 4, 6), width);
  const y = pixels(f32x4.shuffle(first, second, 1, 3, 5, 7), height);
  const column = f32x4.floor(x);
  const row = f32x4.floor(y);
  const right = f32x4.sub(x, column);
  const lower = f32x4.sub(y, row);
  const left = f32x4.sub(splat(1.0), right);
  const stride = width + margin;
  const places = i32x4.shl(
    i32x4.add(
      i32x4.mul(i32x4.trunc_sat_f32x4_s(row), i32x4.splat(stride)),
      i32x4.trunc_sat_f32x4_s(column),
    ),
    2,
  );
  const p0 = map + i32x4.extract_lane(places, 0);
  const p1 = map + i32x4.extract_lane(places, 1);
  const p2 = map + i32x4.extract_lane(places, 2);
  const p3 = map + i32x4.extract_lane(places, 3);
  const below = (<usize>stride) << 2;
  let a = pairs(p0, p1);
  let b = pairs(p2, p3);
  const up = f32x4.add(
    f32x4.mul(f32x4.shuffle(a, b, 0, 2, 4, 6), left),
    f32x4.mul(f32x4.shuffle(a, b, 1, 3, 5, 7), right),
  );
  a = pairs(p0 + below, p1 + below);
  b = pairs(p2 + below, p3 + below);
  const down = f32x4.add(
    f32x4.mul(f32x4.shuffle(a, b, 0, 2, 4, 6), left),
    f32x4.mul(f32x4.shuffle(a, b, 1, 3, 5, 7), right),
  );
  return f32x4.add(f32x4.mul(up, f32x4.sub(splat(1.0), lower)), f32x4.mul(down, lower));
}

/** maps [count, h, w] at points [count, n, 2] -> y [count, n]; pixel centres at half integers, zero outside. */
export function samplePoints(
  maps: usize, points: usize, y: usize, count: i32, height: i32, width: i32, n: i32, scratch: usize,
): void {
  const stride = width + margin;
  const map = at(scratch, stride + 1);
  const last = at(scratch, (height + margin) * stride);
  memory.fill(scratch, 0, samplePointsScratch(height, width));
  for (let m = 0; m < count; m++) {
    for (let row = 0; row < height; row++) {
      memory.copy(at(map, row * stride), maps, (<usize>width) << 2);
      maps = at(maps, width);
    }
    let i = 0;
    for (; i + 4 <= n; i += 4) {
      v128.store(y, sample4(points, map, height, width));
      points += 32;
      y += 16;
    }
    if (i < n) {
      memory.copy(last, points, (<usize>(n - i)) << 3);
      storePart(y, sample4(last, map, height, width), n - i);
      points += (<usize>(n - i)) << 3;
      y = at(y, n - i);
    }
  }
}
