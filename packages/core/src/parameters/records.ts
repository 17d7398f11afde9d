import { GlidError } from '@glid/base';
import type { ParameterSpecs } from '@glid/head-kit';
import type { Tensor } from '@tensorflow/tfjs-core';

/** Parameters by dotted name. The name is the checkpoint key; its first word is the group it is loaded with. */
export type ParameterRecord = Readonly<Record<string, Tensor>>;

/** The entries `prefix + name` of a record, by their short names. */
export function parametersUnder(
  parameters: ParameterRecord,
  prefix: string,
  names: readonly string[],
): ParameterRecord {
  const found: Record<string, Tensor> = {};
  for (const name of names) found[name] = parameter(parameters, prefix + name);
  return found;
}

/** @throws GLID_CHECKPOINT when the record lacks the name */
export function parameter(parameters: ParameterRecord, name: string): Tensor {
  const tensor = parameters[name];
  if (tensor === undefined) {
    throw new GlidError('GLID_CHECKPOINT', `The parameter '${name}' is missing.`, {
      fix: 'Build the record from the specs of the same configuration, or load weights that have it.',
      details: { name },
    });
  }
  return tensor;
}

/** The same table with `prefix` before every name. */
export function prefixed(prefix: string, specs: ParameterSpecs): ParameterSpecs {
  return Object.fromEntries(Object.entries(specs).map(([name, spec]) => [prefix + name, spec]));
}
