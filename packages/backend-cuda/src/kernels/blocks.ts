import type {
  BatchToSpaceNDAttrs,
  DepthToSpaceAttrs,
  KernelConfig,
  SpaceToBatchNDAttrs,
  TensorInfo,
} from '@tensorflow/tfjs-core';
import { BatchToSpaceND, backend_util, DepthToSpace, Diag, SpaceToBatchND } from '@tensorflow/tfjs-core';
import { stridedCopy, transposed } from '../codegen/strided-copy.ts';
import { sizeOf } from '../shape.ts';
import { padded, part } from './copies.ts';
import { defineKernel, type UnaryInputs } from './define-kernel.ts';
import { filled } from './fill.ts';

const as = (x: TensorInfo, shape: readonly number[]): TensorInfo => ({ ...x, shape: [...shape] });

/** Blocks of pixels become channels or pictures, and back: transposes of the tensor in another shape. */
export const blockKernels: readonly KernelConfig[] = [
  defineKernel<UnaryInputs, SpaceToBatchNDAttrs>(SpaceToBatchND, (backend, { x }, { blockShape, paddings }) => {
    const blocks = sizeOf(blockShape);
    const kept = x.shape.slice(1 + blockShape.length).map((): [number, number] => [0, 0]);
    const whole = padded(backend, x, [[0, 0], ...(paddings as [number, number][]), ...kept], 0);
    const cut = backend_util.getReshaped(whole.shape, blockShape, blocks, false);
    const y = transposed(backend, as(whole, cut), backend_util.getPermuted(cut.length, blockShape.length, false));
    backend.release(whole);
    return as(y, backend_util.getReshapedPermuted(whole.shape, blockShape, blocks, false));
  }),
  defineKernel<UnaryInputs, BatchToSpaceNDAttrs>(BatchToSpaceND, (backend, { x }, { blockShape, crops }) => {
    const blocks = sizeOf(blockShape);
    const cut = backend_util.getReshaped(x.shape, blockShape, blocks);
    const permutation = backend_util.getPermuted(cut.length, blockShape.length);
    const joined = backend_util.getReshapedPermuted(x.shape, blockShape, blocks);
    const whole = as(transposed(backend, as(x, cut), permutation), joined);
    const begin = joined.map((_, axis) => crops[axis - 1]?.[0] ?? 0);
    const size = joined.map((n, axis) => n - (crops[axis - 1]?.[0] ?? 0) - (crops[axis - 1]?.[1] ?? 0));
    const y = part(backend, whole, begin, size, size);
    backend.release(whole);
    return y;
  }),
  defineKernel<UnaryInputs, DepthToSpaceAttrs>(DepthToSpace, (backend, { x }, { blockSize, dataFormat }) => {
    const channelsFirst = dataFormat === 'NCHW';
    const [batch, a, b, c] = x.shape as [number, number, number, number];
    const [height, width, depth] = channelsFirst ? [b, c, a] : [a, b, c];
    const channels = depth / blockSize ** 2;
    const cut = channelsFirst
      ? [batch, blockSize, blockSize, channels, height, width]
      : [batch, height, width, blockSize, blockSize, channels];
    const order = channelsFirst ? [0, 3, 4, 1, 5, 2] : [0, 1, 3, 2, 4, 5];
    const [high, wide] = [height * blockSize, width * blockSize];
    const y = transposed(backend, as(x, cut), order);
    return as(y, channelsFirst ? [batch, channels, high, wide] : [batch, high, wide, channels]);
  }),
  defineKernel<UnaryInputs>(Diag, (backend, { x }) => {
    const n = sizeOf(x.shape);
    const y = filled(backend, [...x.shape, ...x.shape], 0, x.dtype);
    stridedCopy(backend, [n], { tensor: x, strides: [1] }, { tensor: y, strides: [n + 1] });
    return y;
  }),
];
