// Vector helpers. Pointers are byte offsets into the heap that TensorFlow.js's module owns; nothing here owns memory.

/** Where the float (or int32) of this index stands behind p. */
// @ts-ignore: AssemblyScript decorator
@inline
export function at(p: usize, i: i32): usize {
  return p + ((<usize>i) << 2);
}

// @ts-ignore: AssemblyScript decorator
@inline
export function load4(p: usize): v128 {
  return v128.load(p);
}

// @ts-ignore: AssemblyScript decorator
@inline
export function splat(x: f32): v128 {
  return f32x4.splat(x);
}

/** a b + c: rounded once in the build for engines with relaxed SIMD (where the processor can), twice in the other. */
// @ts-ignore: AssemblyScript decorator
@inline
export function fma4(a: v128, b: v128, c: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? f32x4.relaxed_madd(a, b, c) : f32x4.add(f32x4.mul(a, b), c);
}

// @ts-ignore: AssemblyScript decorator
@inline
export function sum4(v: v128): f32 {
  return (
    f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3))
  );
}

// @ts-ignore: AssemblyScript decorator
@inline
export function max4(v: v128): f32 {
  return max(
    max(f32x4.extract_lane(v, 0), f32x4.extract_lane(v, 1)),
    max(f32x4.extract_lane(v, 2), f32x4.extract_lane(v, 3)),
  );
}

/** The first n (1..3) floats at p, zeros behind; never reads further. */
// @ts-ignore: AssemblyScript decorator
@inline
export function loadPart(p: usize, n: i32): v128 {
  let v = v128.load32_zero(p);
  if (n > 1) v = f32x4.replace_lane(v, 1, load<f32>(p, 4));
  if (n > 2) v = f32x4.replace_lane(v, 2, load<f32>(p, 8));
  return v;
}

/** Stores the first n (1..3) lanes. */
// @ts-ignore: AssemblyScript decorator
@inline
export function storePart(p: usize, v: v128, n: i32): void {
  store<f32>(p, f32x4.extract_lane(v, 0));
  if (n > 1) store<f32>(p, f32x4.extract_lane(v, 1), 4);
  if (n > 2) store<f32>(p, f32x4.extract_lane(v, 2), 8);
}

/**
 * Constants of the functions below, in globals that the module's start writes: V8 makes a constant vector anew at every use, in three instructions,
 * and reads a global in one.
 */
let one = i32x4.splat(0);
let highest = i32x4.splat(0);
let lowest = i32x4.splat(0);
let log2e = i32x4.splat(0);
let shift = i32x4.splat(0);
let ln2High = i32x4.splat(0);
let ln2Low = i32x4.splat(0);
let bias = i32x4.splat(0);
let e7 = i32x4.splat(0);
let e6 = i32x4.splat(0);
let e5 = i32x4.splat(0);
let e4 = i32x4.splat(0);
let e3 = i32x4.splat(0);
let e2 = i32x4.splat(0);

one = splat(1.0);
highest = splat(88.0);
lowest = splat(-87.0);
log2e = splat(1.44269504);
// 1.5 * 2^23 added leaves no room for a fraction.
shift = splat(12582912.0);
ln2High = splat(-0.693359375);
ln2Low = splat(2.12194440e-4);
bias = i32x4.splat(127);
e7 = splat(1.98412698e-4);
e6 = splat(1.38888889e-3);
e5 = splat(8.33333333e-3);
e4 = splat(4.16666667e-2);
e3 = splat(1.66666667e-1);
e2 = splat(0.5);

/**
 * exp to about 1 ulp: x = n ln 2 + r with ln 2 split in two, a polynomial in r, the exponent put in by bits.
 * Zero below -87; held at exp(88) above 88; NaN stays NaN.
 */
export function exp4(x0: v128): v128 {
  const x = f32x4.pmax(f32x4.pmin(x0, highest), lowest);
  const shifted = f32x4.add(f32x4.mul(x, log2e), shift);
  const n = f32x4.sub(shifted, shift);
  const r = f32x4.add(fma4(n, ln2High, x), f32x4.mul(n, ln2Low));
  const r2 = f32x4.mul(r, r);
  let p = fma4(fma4(e7, r, e6), r2, fma4(e5, r, e4));
  p = fma4(p, r2, fma4(e3, r, e2));
  p = f32x4.add(fma4(p, r2, r), one);
  const power = i32x4.shl(i32x4.add(shifted, bias), 23);
  return v128.andnot(f32x4.mul(p, power), f32x4.lt(x0, lowest));
}

/**
 * The upper half of erfc without its Gaussian factor: erfc(u) = g(u) exp(-u^2), u >= 0.
 * Abramowitz and Stegun 7.1.26, absolute error below 1.5e-7.
 */
// @ts-ignore: AssemblyScript decorator
@inline
export function erfcFactor(u: v128): v128 {
  const t = f32x4.div(splat(1.0), fma4(u, splat(0.3275911), splat(1.0)));
  let p = splat(1.061405429);
  p = fma4(p, t, splat(-1.453152027));
  p = fma4(p, t, splat(1.421413741));
  p = fma4(p, t, splat(-0.284496736));
  p = fma4(p, t, splat(0.254829592));
  return f32x4.mul(p, t);
}
