import { matMul, ones, reshape, type Tensor1D, type Tensor2D } from '@tensorflow/tfjs-core';

/** Sums over pixels, `[P, S]` -> `[S]`, as a product with ones: `sum` over the first axis takes many times as long on WebAssembly. */
export function pixelSums(values: Tensor2D): Tensor1D {
  const [pixels, count] = values.shape;
  return reshape(matMul(ones([1, pixels]) as Tensor2D, values), [count]);
}
