// Fast normalised fusion (Bi-FPN): y = f(sum_k n_k x_k), n_k = relu(w_k) / (sum_j relu(w_j) + epsilon), f = swish or identity.
import { at, exp4, fma4, load4, loadPart, splat, storePart, sum4 } from './simd.as';

// @ts-ignore: AssemblyScript decorator
@inline
function sigmoid4(x: v128): v128 {
  return f32x4.div(splat(1.0), f32x4.add(splat(1.0), exp4(f32x4.neg(x))));
}

/** n_k into `normal` [count]; returns the denominator. */
function normalise(weights: usize, count: i32, epsilon: f32, normal: usize): f32 {
  let total = epsilon;
  for (let k = 0; k < count; k++) total += max<f32>(load<f32>(at(weights, k)), 0);
  for (let k = 0; k < count; k++) store<f32>(at(normal, k), max<f32>(load<f32>(at(weights, k)), 0) / total);
  return total;
}

// @ts-ignore: AssemblyScript decorator
@inline
function blend(maps: usize, count: i32, normal: usize, i: i32, left: i32): v128 {
  let s = splat(0);
  for (let k = 0; k < count; k++) {
    const p = at(<usize>load<u32>(at(maps, k)), i);
    s = fma4(splat(load<f32>(at(normal, k))), left >= 4 ? load4(p) : loadPart(p, left), s);
  }
  return s;
}

/** `maps` [count] holds the addresses of the inputs; `scratch` has `count` floats. */
export function fusionNode(
  maps: usize, weights: usize, y: usize, count: i32, n: i32, epsilon: f32, swish: bool, scratch: usize,
): void {
  normalise(weights, count, epsilon, scratch);
  for (let i = 0; i < n; i += 4) {
    let s = blend(maps, count, scratch, i, n - i);
    if (swish) s = f32x4.mul(s, sigmoid4(s));
    if (n - i >= 4) v128.store(at(y, i), s);
    else storePart(at(y, i), s, n - i);
  }
}

/** `gradients` [count] holds the addresses of the maps' gradients; `scratch` has 3 count floats beside 8 bytes of alignment. */
export function fusionNodeGrad(
  dy: usize, maps: usize, weights: usize, gradients: usize, dweights: usize,
  count: i32, n: i32, epsilon: f32, swish: bool, scratch: usize,
): void {
  const normal = at(scratch, 2 * count);
  const total = normalise(weights, count, epsilon, normal);
  for (let k = 0; k < count; k++) store<f64>(scratch + ((<usize>k) << 3), 0);
  for (let start = 0; start < n; start += 1024) {
    const end = min(n, start + 1024);
    for (let i = start; i < end; i += 4) {
      const left = n - i;
      let d = left >= 4 ? load4(at(dy, i)) : loadPart(at(dy, i), left);
      if (swish) {
        const s = blend(maps, count, normal, i, left);
        const g = sigmoid4(s);
        d = f32x4.mul(d, f32x4.mul(g, fma4(s, f32x4.sub(splat(1.0), g), splat(1.0))));
      }
      // The first gradient holds d until the sums below are taken.
      const p = at(<usize>load<u32>(gradients), i);
      if (left >= 4) v128.store(p, d);
      else storePart(p, d, left);
    }
    const first = <usize>load<u32>(gradients);
    for (let k = 0; k < count; k++) {
      const x = <usize>load<u32>(at(maps, k));
      let s = splat(0);
      for (let i = start; i < end; i += 4) {
        const left = n - i;
        if (left >= 4) s = fma4(load4(at(first, i)), load4(at(x, i)), s);
        else s = fma4(loadPart(at(first, i), left), loadPart(at(x, i), left), s);
      }
      const sum = scratch + ((<usize>k) << 3);
      store<f64>(sum, load<f64>(sum) + <f64>sum4(s));
    }
    for (let k = count - 1; k >= 0; k--) {
      const to = <usize>load<u32>(at(gradients, k));
      const w = splat(load<f32>(at(normal, k)));
      for (let i = start; i < end; i += 4) {
        const left = n - i;
        if (left >= 4) v128.store(at(to, i), f32x4.mul(load4(at(first, i)), w));
        else storePart(at(to, i), f32x4.mul(loadPart(at(first, i), left), w), left);
      }
    }
  }
  let along: f64 = 0;
  for (let k = 0; k < count; k++) along += load<f64>(scratch + ((<usize>k) << 3)) * <f64>load<f32>(at(normal, k));
  for (let k = 0; k < count; k++) {
    const active = load<f32>(at(weights, k)) > 0;
    const d = (load<f64>(scratch + ((<usize>k) << 3)) - along) / <f64>total;
    store<f32>(at(dweights, k), active ? <f32>d : 0);
  }
}
