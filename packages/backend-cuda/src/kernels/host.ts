import type { KernelConfig, TensorInfo, TypedArray, UniqueAttrs } from '@tensorflow/tfjs-core';
import { BroadcastArgs, backend_util, Unique } from '@tensorflow/tfjs-core';
import type { CudaBackend } from '../backend.ts';
import { type HostValues, hostArray } from '../codegen/types.ts';
import { axisOf, sizeOf } from '../shape.ts';
import { defineKernel, type UnaryInputs } from './define-kernel.ts';

const onHost = (backend: CudaBackend, tensor: TensorInfo): TypedArray => backend.readSync(tensor.dataId) as TypedArray;

/** Entries along an axis without repetition, in the order in which they first come, and where each entry is among them. */
function unique(values: HostValues, [outer, count, inner]: readonly [number, number, number]) {
  const places = new Map<string, number>();
  const firsts: number[] = [];
  const indices = Int32Array.from({ length: count }, (_, k) => {
    const entry: number[] = [];
    for (let o = 0; o < outer; o++) {
      for (let i = 0; i < inner; i++) entry.push(values[(o * count + k) * inner + i]!);
    }
    const key = entry.join();
    let place = places.get(key);
    if (place === undefined) {
      place = firsts.push(k) - 1;
      places.set(key, place);
    }
    return place;
  });
  return { firsts, indices };
}

/** Results whose size the values decide: read, computed on the host, which waits for them. */
export const hostKernels: readonly KernelConfig[] = [
  defineKernel<UnaryInputs, UniqueAttrs>(Unique, (backend, { x }, { axis }) => {
    const at = axisOf(axis, x.shape.length);
    const [outer, count, inner] = [sizeOf(x.shape.slice(0, at)), x.shape[at]!, sizeOf(x.shape.slice(at + 1))];
    const values = onHost(backend, x) as HostValues;
    const { firsts, indices } = unique(values, [outer, count, inner]);
    const kept = hostArray(x.dtype, outer * firsts.length * inner);
    for (let o = 0; o < outer; o++) {
      for (const [place, k] of firsts.entries()) {
        const from = (o * count + k) * inner;
        kept.set(values.subarray(from, from + inner), (o * firsts.length + place) * inner);
      }
    }
    const shape = x.shape.map((n, i) => (i === at ? firsts.length : n));
    return [backend.hostTensor(kept, shape, x.dtype), backend.hostTensor(indices, [count], 'int32')];
  }),
  defineKernel<{ s0: TensorInfo; s1: TensorInfo }>(BroadcastArgs, (backend, { s0, s1 }) => {
    const [a, b] = [s0, s1].map((tensor) => Array.from(onHost(backend, tensor)));
    const shape = backend_util.assertAndGetBroadcastShape(a!, b!);
    return backend.hostTensor(Int32Array.from(shape), [shape.length], 'int32');
  }),
];
