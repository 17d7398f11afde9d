import { Random } from '@glid/base';
import type { Tensor } from '@tensorflow/tfjs-core';
import { engine, grads, mul, sum, tensor, tidy } from '@tensorflow/tfjs-core';
import type { CaseInput, OpCase } from './op-case.ts';
import { size } from './op-case.ts';

/** Single derivatives compared an input (few in large cases, whose reference is slow), and random directions that involve every element. */
const singleDerivatives = { small: 32, large: 4 };
const largeCase = 2500;
const directions = 2;

export interface CaseResult {
  readonly id: string;
  /** Largest errors, as fractions of what is allowed. */
  readonly forward: number;
  readonly gradient: number;
}

/**
 * Runs one case on the active backend: forward against the float64 reference, gradients against central differences of that reference,
 * and the number of live tensors before and after. Throws an `Error` that names the case. Needs `@glid/ops/gradients`.
 */
export async function checkCase(c: OpCase): Promise<CaseResult> {
  const exact = Object.fromEntries(
    Object.entries(c.inputs).map(([name, input]) => [name, Float64Array.from(input.values)]),
  );
  const expected = c.reference(exact);
  if (expected.length !== size(c.outputShape))
    throw new Error(`${c.id}: the reference has another size than outputShape`);
  // The first run fills the cache of constants; the second must leave nothing behind.
  await evaluate(c);
  const before = engine().state.numTensors;
  const { value, gradients } = await evaluate(c);
  const leaked = engine().state.numTensors - before;
  if (leaked !== 0) throw new Error(`${c.id}: leaves ${leaked} tensors behind`);
  const forward = compare(`${c.id}, forward`, value, expected, c.tolerance.forward);
  let gradient = 0;
  for (const name of c.gradientOf) {
    gradient = Math.max(gradient, compareGradient(c, name, gradients[name]!, exact));
  }
  return { id: c.id, forward, gradient };
}

async function evaluate(c: OpCase): Promise<{ value: ArrayLike<number>; gradients: Record<string, Float32Array> }> {
  const inputs = Object.fromEntries(Object.entries(c.inputs).map(([name, input]) => [name, upload(input)]));
  const y = tidy(() => c.run(inputs));
  if (y.shape.join() !== c.outputShape.join()) {
    throw new Error(`${c.id}: shape [${y.shape.join(', ')}], expected [${c.outputShape.join(', ')}]`);
  }
  const value = await y.data();
  const gradients: Record<string, Float32Array> = {};
  if (c.gradientOf.length > 0) {
    const weights = tensor(cotangent(c), [...c.outputShape], 'float32');
    const loss = (...xs: Tensor[]): Tensor => {
      const replaced = Object.fromEntries(c.gradientOf.map((name, i) => [name, xs[i]!]));
      return sum(mul(c.run({ ...inputs, ...replaced }), weights));
    };
    const all = tidy(() => grads(loss)(c.gradientOf.map((name) => inputs[name]!)));
    for (const [i, name] of c.gradientOf.entries()) gradients[name] = (await all[i]!.data()) as Float32Array;
    for (const t of [...all, weights]) t.dispose();
  }
  for (const t of [y, ...Object.values(inputs)]) t.dispose();
  return { value, gradients };
}

function upload(input: CaseInput): Tensor {
  return tensor(input.values.slice(), [...input.shape], input.dtype);
}

function cotangent(c: OpCase): Float32Array {
  const random = Random.derive(2, c.id);
  return Float32Array.from({ length: size(c.outputShape) }, () => random.normal());
}

function compareGradient(c: OpCase, name: string, got: Float32Array, exact: Record<string, Float64Array>): number {
  const weights = cotangent(c);
  const x = exact[name]!;
  const loss = (moved: Float64Array): number => {
    const y = c.reference({ ...exact, [name]: moved });
    let total = 0;
    for (let i = 0; i < y.length; i++) total += weights[i]! * y[i]!;
    return total;
  };
  const slope = (direction: Float64Array): number => {
    const h = 1e-5;
    const moved = (sign: number): Float64Array => x.map((value, i) => value + sign * h * direction[i]!);
    return (loss(moved(1)) - loss(moved(-1))) / (2 * h);
  };
  const random = Random.derive(3, c.id, name);
  const elements = Object.values(exact).reduce((total, values) => total + values.length, 0);
  const count = singleDerivatives[elements > largeCase ? 'large' : 'small'];
  const chosen = Array.from(random.permutation(x.length).subarray(0, count));
  const single = chosen.map((at) => {
    const direction = new Float64Array(x.length);
    direction[at] = 1;
    return slope(direction);
  });
  const picked = chosen.map((at) => got[at]!);
  const scale = Math.max(1, ...got.map(Math.abs));
  let worst = compare(`${c.id}, gradient of ${name}`, picked, single, c.tolerance.gradient, scale);
  for (let k = 0; k < directions && x.length > 0; k++) {
    const direction = x.map(() => random.normal());
    const along = got.reduce((total, g, i) => total + g * direction[i]!, 0);
    // Errors of many elements add up as a random walk.
    const spread = scale * Math.sqrt(x.length);
    const what = `${c.id}, gradient of ${name} along a random direction`;
    worst = Math.max(worst, compare(what, [along], [slope(direction)], c.tolerance.gradient, spread));
  }
  return worst;
}

function compare(
  what: string,
  got: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  scale?: number,
): number {
  if (got.length !== expected.length) throw new Error(`${what}: ${got.length} numbers, expected ${expected.length}`);
  let largest = scale ?? 1;
  if (scale === undefined)
    for (let i = 0; i < expected.length; i++) largest = Math.max(largest, Math.abs(expected[i]!));
  const allowed = tolerance * largest;
  let worst = 0;
  for (let i = 0; i < got.length; i++) {
    const error = Math.abs(got[i]! - expected[i]!);
    if (!(error <= allowed)) {
      throw new Error(
        `${what}: entry ${i} is ${got[i]}, expected ${expected[i]} (off by ${error}, allowed ${allowed})`,
      );
    }
    worst = Math.max(worst, error / allowed);
  }
  return worst;
}
