import { Tensor } from '@tensorflow/tfjs-core';
import { must } from './check.ts';

type Numbers = ArrayLike<number>;

/** Largest entry, for tolerances relative to a tensor's scale. */
export function scaleOf(x: Numbers): number {
  let top = 0;
  for (let i = 0; i < x.length; i++) top = Math.max(top, Math.abs(x[i]!));
  return top;
}

/** Fails unless the arrays agree within `tolerance` of the larger one's scale. */
export function mustBeClose(got: Numbers, expected: Numbers, tolerance: number, what: string): void {
  must(got.length === expected.length, `${what}: ${got.length} numbers instead of ${expected.length}.`);
  const limit = tolerance * Math.max(1e-3, scaleOf(expected), Math.min(1e3, scaleOf(got)));
  for (let i = 0; i < got.length; i++) {
    const [a, b] = [got[i]!, expected[i]!];
    const same = a === b || (Number.isNaN(a) && Number.isNaN(b)) || Math.abs(a - b) <= limit;
    must(same, `${what}: number ${i} is ${a}, expected ${b}.`);
  }
}

export function mustBeFinite(x: Numbers, what: string): void {
  for (let i = 0; i < x.length; i++) must(Number.isFinite(x[i]), `${what}: number ${i} is ${x[i]}.`);
}

/**
 * Fails unless two results are the same up to rounding: numbers within `tolerance`, strings equal, arrays of classes equal but for
 * one element in two hundred (a rounding may turn an argmax).
 */
export function mustAgree(got: unknown, expected: unknown, tolerance: number, what: string): void {
  if (typeof got === 'number' && typeof expected === 'number') {
    const limit = tolerance * Math.max(1, Math.abs(expected));
    const same = got === expected || (Number.isNaN(got) && Number.isNaN(expected)) || Math.abs(got - expected) <= limit;
    must(same, `${what} is ${got}, expected ${expected}.`);
  } else if (ArrayBuffer.isView(got) && ArrayBuffer.isView(expected)) {
    const [a, b] = [got, expected] as unknown as [Numbers, Numbers];
    if (got instanceof Float32Array || got instanceof Float64Array) mustBeClose(a, b, tolerance, what);
    else {
      must(a.length === b.length, `${what} has ${a.length} elements, expected ${b.length}.`);
      let differing = 0;
      for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) differing++;
      must(differing <= a.length / 200, `${what} differs in ${differing} of ${a.length} elements.`);
    }
  } else if (typeof got === 'object' && got !== null && typeof expected === 'object' && expected !== null) {
    const keys = [...new Set([...Object.keys(got), ...Object.keys(expected)])];
    for (const key of keys) {
      const at = `${what}.${key}`;
      mustAgree((got as Record<string, unknown>)[key], (expected as Record<string, unknown>)[key], tolerance, at);
    }
  } else must(Object.is(got, expected), `${what} is ${String(got)}, expected ${String(expected)}.`);
}

/** Whether two results are the same up to rounding. */
export function agree(a: unknown, b: unknown): boolean {
  try {
    mustAgree(a, b, 1e-6, '');
    return true;
  } catch {
    return false;
  }
}

const plainViews = [
  Uint8Array,
  Uint8ClampedArray,
  Uint16Array,
  Uint32Array,
  Int8Array,
  Int16Array,
  Int32Array,
  Float32Array,
  Float64Array,
];

/** Fails unless a value is plain data: what `structuredClone` and `postMessage` carry without loss. */
export function mustBePlain(value: unknown, what: string): void {
  must(typeof value !== 'function' && typeof value !== 'symbol', `${what} is a ${typeof value}.`);
  if (typeof value !== 'object' || value === null) return;
  must(!(value instanceof Tensor), `${what} is a tensor.`);
  if (ArrayBuffer.isView(value)) {
    must(
      plainViews.some((view) => value instanceof view),
      `${what} is a view of an unusual kind.`,
    );
    return;
  }
  const prototype = Object.getPrototypeOf(value);
  const plain = Array.isArray(value) || prototype === Object.prototype || prototype === null;
  must(plain, `${what} is an instance of ${prototype?.constructor?.name}: use plain objects.`);
  for (const [key, inner] of Object.entries(value)) mustBePlain(inner, `${what}.${key}`);
}
