import { GlidError, Random } from '@glid/base';
import { type Tensor, tensor } from '@tensorflow/tfjs-core';
import type { Initializer, ParameterSpec, ParameterSpecs } from '../spec/parameters.ts';

/** The start values of one parameter, row-major: what its initialiser says, drawn from `random`. Equal generators give equal values. */
export function initialValues(spec: ParameterSpec, random: Random): Float32Array {
  const { init, shape } = spec;
  const size = shape.reduce((a, b) => a * b, 1);
  const out = new Float32Array(size);
  switch (init.kind) {
    case 'zeros':
      return out;
    case 'constant':
      return out.fill(init.value);
    case 'priorProbability':
      return out.fill(priorLogit(init));
    case 'truncatedNormal':
      for (let i = 0; i < size; i++) out[i] = init.std * withinTwo(random);
      return out;
    case 'xavierUniform': {
      const fanOut = shape.at(-1) ?? 1;
      const bound = Math.sqrt(6 / (size / fanOut + fanOut));
      for (let i = 0; i < size; i++) out[i] = random.uniform(-bound, bound);
      return out;
    }
    case 'heNormal': {
      // [kh, kw, in, out]: every output cell is fed through kh * kw * out weights of one input channel.
      const fanOut = size / (shape.at(-2) ?? 1);
      const std = Math.sqrt(2 / fanOut);
      for (let i = 0; i < size; i++) out[i] = random.normal(0, std);
      return out;
    }
    case 'values':
      if (init.values.length !== size) throw wrongCount(init.values.length, shape);
      out.set(init.values);
      return out;
  }
}

/**
 * Creates the tensors that a table of specs declares. Each parameter draws from its own stream, made from `random` and its name:
 * adding, removing or reordering parameters changes no other parameter's start.
 */
export function initializeParameters<S extends ParameterSpecs>(
  specs: S,
  random: Random,
): { -readonly [K in keyof S]: Tensor } {
  const seed = random.uint32();
  const parameters: Record<string, Tensor> = {};
  for (const [name, spec] of Object.entries(specs)) {
    parameters[name] = tensor(initialValues(spec, Random.derive(seed, name)), [...spec.shape], 'float32');
  }
  return parameters as { -readonly [K in keyof S]: Tensor };
}

/** Standard normal, redrawn until it lies within two standard deviations. */
function withinTwo(random: Random): number {
  let z = random.normal();
  while (Math.abs(z) > 2) z = random.normal();
  return z;
}

function priorLogit({ value }: Extract<Initializer, { kind: 'priorProbability' }>): number {
  if (!(value > 0 && value < 1)) {
    throw new GlidError('GLID_CONFIG', `A prior probability of ${value} has no finite logit.`, {
      fix: 'Give a probability between 0 and 1, for example 0.01.',
      details: { value },
    });
  }
  return Math.log(value / (1 - value));
}

function wrongCount(count: number, shape: readonly number[]): GlidError {
  return new GlidError('GLID_SHAPE', `${count} start values cannot fill a parameter of shape [${shape.join(', ')}].`, {
    fix: 'Give one value for each element, row by row.',
    details: { count, shape },
  });
}
