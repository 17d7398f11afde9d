import type { EinsumAttrs, KernelConfig, TensorInfo } from '@tensorflow/tfjs-core';
import { backend_util, Einsum } from '@tensorflow/tfjs-core';
import { transposed } from '../codegen/strided-copy.ts';
import { product } from './arithmetic.ts';
import { defineKernel } from './define-kernel.ts';
import { reduceAxes, sum } from './reductions.ts';

/** In the steps that TensorFlow.js plans: broadcast products, then a sum over one axis each. */
export const einsumKernels: readonly KernelConfig[] = [
  defineKernel<TensorInfo[], EinsumAttrs>(Einsum, (backend, inputs, { equation }) => {
    const tensors = Object.values(inputs);
    const { allDims, summedDims, idDims } = backend_util.decodeEinsumEquation(equation, tensors.length);
    backend_util.checkEinsumDimSizes(allDims.length, idDims, tensors as never);
    const { path, steps } = backend_util.getEinsumComputePath(summedDims, idDims);
    let total: TensorInfo | undefined;
    let axes = allDims.length;
    for (const [i, step] of steps.entries()) {
      for (const which of step) {
        const plan = backend_util.getEinsumPermutation(axes, idDims[which]!);
        const { permutationIndices: order, expandDims } = plan;
        const permuted = transposed(backend, tensors[which]!, order);
        const shape = [...permuted.shape];
        for (const axis of expandDims) shape.splice(axis, 0, 1);
        const operand = { ...permuted, shape };
        if (total === undefined) {
          total = operand;
          continue;
        }
        const next = product(backend, operand, total);
        backend.release(operand, total);
        total = next;
      }
      if (i < steps.length - 1) {
        if (path[i]! >= 0) {
          const next = reduceAxes(backend, sum, total!, path[i]! - (allDims.length - axes), false);
          backend.release(total!);
          total = next;
        }
        axes--;
      }
    }
    return total!;
  }),
];
