import { Random } from '@glid/base';
import type { Tensor } from '@tensorflow/tfjs-core';

export interface CaseInput {
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int32';
  readonly values: Float32Array | Int32Array;
}

/** One computation with known numbers, to be run on any backend by `checkCase`. */
export interface OpCase {
  /** Unique: `<op>: <what is special>`. */
  readonly id: string;
  readonly op: string;
  readonly inputs: Readonly<Record<string, CaseInput>>;
  /** The inputs whose gradient is compared with central differences of `reference`. */
  readonly gradientOf: readonly string[];
  readonly outputShape: readonly number[];
  run(tensors: Readonly<Record<string, Tensor>>): Tensor;
  /** The same in float64, by plain loops. */
  reference(values: Readonly<Record<string, Float64Array>>): Float64Array;
  /** Allowed error, times max(1, largest expected value). */
  readonly tolerance: { readonly forward: number; readonly gradient: number };
}

type Draw = (random: Random, shape: readonly number[]) => CaseInput;

export interface CaseDefinition<N extends string> {
  readonly op: string;
  readonly what: string;
  readonly inputs: Readonly<Record<N, readonly [shape: readonly number[], draw?: Draw]>>;
  readonly gradientOf?: readonly NoInfer<N>[];
  readonly outputShape: readonly number[];
  // biome-ignore lint/suspicious/noExplicitAny: a case names its tensors' ranks where it uses them
  run(tensors: Readonly<Record<N, any>>): Tensor;
  reference(values: Readonly<Record<N, Float64Array>>): Float64Array;
  readonly tolerance?: { readonly forward?: number; readonly gradient?: number };
}

/** Draws the inputs from a generator seeded by the case's name, so that every backend sees the same numbers. */
export function opCase<N extends string>(definition: CaseDefinition<N>): OpCase {
  const { op, what, outputShape, run, reference, tolerance } = definition;
  const id = `${op}: ${what}`;
  const names = Object.keys(definition.inputs) as N[];
  const inputs = Object.fromEntries(
    names.map((name) => {
      const [shape, draw = normal()] = definition.inputs[name];
      return [name, draw(Random.derive(1, id, name), shape)];
    }),
  );
  const gradientOf = definition.gradientOf ?? names.filter((name) => inputs[name]!.dtype === 'float32');
  return {
    id,
    op,
    inputs,
    gradientOf,
    outputShape,
    run,
    reference,
    tolerance: { forward: tolerance?.forward ?? 2e-5, gradient: tolerance?.gradient ?? 5e-5 },
  };
}

export function size(shape: readonly number[]): number {
  return shape.reduce((product, n) => product * n, 1);
}

function float32(shape: readonly number[], value: () => number): CaseInput {
  return { shape, dtype: 'float32', values: Float32Array.from({ length: size(shape) }, value) };
}

export function normal(mean = 0, std = 1): Draw {
  return (random, shape) => float32(shape, () => random.normal(mean, std));
}

export function uniform(low: number, high: number): Draw {
  return (random, shape) => float32(shape, () => random.uniform(low, high));
}

/** 0 or 1. */
export function binary(probability = 0.5): Draw {
  return (random, shape) => float32(shape, () => (random.boolean(probability) ? 1 : 0));
}

/** int32 in [0, n). */
export function integers(n: number): Draw {
  return (random, shape) => ({
    shape,
    dtype: 'int32',
    values: Int32Array.from({ length: size(shape) }, () => random.integer(n)),
  });
}

/** The given numbers. */
export function fixed(...values: number[]): Draw {
  return (_, shape) => ({ shape, dtype: 'float32', values: Float32Array.from(values) });
}
