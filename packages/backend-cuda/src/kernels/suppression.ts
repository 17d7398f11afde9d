import type {
  KernelConfig,
  NonMaxSuppressionV3Attrs,
  NonMaxSuppressionV4Attrs,
  NonMaxSuppressionV5Attrs,
  TensorInfo,
  TypedArray,
} from '@tensorflow/tfjs-core';
import { kernel_impls, NonMaxSuppressionV3, NonMaxSuppressionV4, NonMaxSuppressionV5 } from '@tensorflow/tfjs-core';
import type { CudaBackend } from '../backend.ts';
import { defineKernel } from './define-kernel.ts';

interface Inputs {
  readonly boxes: TensorInfo;
  readonly scores: TensorInfo;
}

const onHost = (backend: CudaBackend, tensor: TensorInfo): TypedArray => backend.readSync(tensor.dataId) as TypedArray;

/** Sequential by nature: TensorFlow.js's own code on the host, which waits for the boxes. */
export const suppressionKernels: readonly KernelConfig[] = [
  defineKernel<Inputs, NonMaxSuppressionV3Attrs>(NonMaxSuppressionV3, (backend, { boxes, scores }, attrs) => {
    const { selectedIndices } = kernel_impls.nonMaxSuppressionV3Impl(
      ...([onHost(backend, boxes), onHost(backend, scores)] as const),
      ...([attrs.maxOutputSize, attrs.iouThreshold, attrs.scoreThreshold] as const),
    );
    return backend.hostTensor(Int32Array.from(selectedIndices), [selectedIndices.length], 'int32');
  }),
  defineKernel<Inputs, NonMaxSuppressionV4Attrs>(NonMaxSuppressionV4, (backend, { boxes, scores }, attrs) => {
    const { selectedIndices, validOutputs } = kernel_impls.nonMaxSuppressionV4Impl(
      ...([onHost(backend, boxes), onHost(backend, scores)] as const),
      ...([attrs.maxOutputSize, attrs.iouThreshold, attrs.scoreThreshold, attrs.padToMaxOutputSize] as const),
    );
    return [
      backend.hostTensor(Int32Array.from(selectedIndices), [selectedIndices.length], 'int32'),
      backend.hostTensor(Int32Array.of(validOutputs!), [], 'int32'),
    ];
  }),
  defineKernel<Inputs, NonMaxSuppressionV5Attrs>(NonMaxSuppressionV5, (backend, { boxes, scores }, attrs) => {
    const { selectedIndices, selectedScores } = kernel_impls.nonMaxSuppressionV5Impl(
      ...([onHost(backend, boxes), onHost(backend, scores)] as const),
      ...([attrs.maxOutputSize, attrs.iouThreshold, attrs.scoreThreshold, attrs.softNmsSigma] as const),
    );
    const count = selectedIndices.length;
    return [
      backend.hostTensor(Int32Array.from(selectedIndices), [count], 'int32'),
      backend.hostTensor(Float32Array.from(selectedScores!), [count], 'float32'),
    ];
  }),
];
