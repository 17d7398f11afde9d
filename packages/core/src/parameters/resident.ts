import { type Rank, type ShapeMap, type Tensor, tensor } from '@tensorflow/tfjs-core';

const uploaded = new WeakMap<object, Tensor>();

/**
 * The tensor of a host array, uploaded once for as long as the tensor lives. Masks and index lists belong to a scope that may
 * be closed before a backward pass needs them again: then they are uploaded anew. The array must not change.
 */
export function resident<R extends Rank>(data: Float32Array | Int32Array, shape: ShapeMap[R]): Tensor<R> {
  const known = uploaded.get(data);
  if (known !== undefined && !known.isDisposed) return known as Tensor<R>;
  const fresh = tensor<R>(data, shape, data instanceof Int32Array ? 'int32' : 'float32');
  uploaded.set(data, fresh);
  return fresh;
}
