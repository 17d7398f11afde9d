import { Tensor } from '@tensorflow/tfjs-core';

/** Every tensor inside plain records and arrays, each once, in order of appearance. Typed arrays are not looked through. */
export function tensorsIn(value: unknown, found: Set<Tensor> = new Set()): Set<Tensor> {
  if (value instanceof Tensor) found.add(value);
  else if (Array.isArray(value)) for (const item of value) tensorsIn(item, found);
  else if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)) {
    for (const item of Object.values(value)) tensorsIn(item, found);
  }
  return found;
}
