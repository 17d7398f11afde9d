// Vector helpers. Pointers are byte offsets into the heap that TensorFlow.js's module owns; nothing here owns memory.

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
 * exp to about 1 ulp: x = n ln 2 + r with ln 2 split in two, a polynomial in r, the exponent put in by bits.
 * Zero below -87; held at exp(88) above 88; NaN stays NaN.
 */
export function exp4(x0: v128): v128 {
  const x = f32x4.max(f32x4.min(x0, splat(88.0)), splat(-87.0));
  const n = f32x4.nearest(f32x4.mul(x, splat(1.44269504)));
  const r = f32x4.add(fma4(n, splat(-0.693359375), x), f32x4.mul(n, splat(2.12194440e-4)));
  let p = splat(1.98412698e-4);
  p = fma4(p, r, splat(1.38888889e-3));
  p = fma4(p, r, splat(8.33333333e-3));
  p = fma4(p, r, splat(4.16666667e-2));
  p = fma4(p, r, splat(1.66666667e-1));
  p = fma4(p, r, splat(0.5));
  p = f32x4.add(fma4(f32x4.mul(p, r), r, r), splat(1.0));
  const power = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(127)), 23);
  return v128.andnot(f32x4.mul(p, power), f32x4.lt(x0, splat(-87.0)));
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
