import type {
  BroadCastToAttrs,
  ConcatAttrs,
  KernelConfig,
  PackAttrs,
  PadV2Attrs,
  ReverseAttrs,
  SliceAttrs,
  SplitVAttrs,
  StridedSliceAttrs,
  TensorInfo,
  TileAttrs,
  TransposeAttrs,
  UnpackAttrs,
} from '@tensorflow/tfjs-core';
import {
  BroadcastTo,
  backend_util,
  Concat,
  Pack,
  PadV2,
  Reverse,
  Slice,
  SplitV,
  StridedSlice,
  slice_util,
  Tile,
  Transpose,
  Unpack,
  util,
} from '@tensorflow/tfjs-core';
import type { CudaBackend } from '../backend.ts';
import { broadcastStrides } from '../codegen/broadcast.ts';
import { stridedCopy, transposed } from '../codegen/strided-copy.ts';
import { axisOf, sizeOf, stridesOf } from '../shape.ts';
import { defineKernel, type UnaryInputs } from './define-kernel.ts';
import { filled } from './fill.ts';

const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((total, v, i) => total + v * b[i]!, 0);

/** A part of `x`: `dims` elements from `begin`, every `steps`-th. */
export function part(
  backend: CudaBackend,
  x: TensorInfo,
  begin: readonly number[],
  dims: readonly number[],
  shape: readonly number[],
  steps?: readonly number[],
): TensorInfo {
  const strides = stridesOf(x.shape);
  const y = backend.output(shape, x.dtype);
  const walked = steps === undefined ? strides : strides.map((stride, axis) => stride * steps[axis]!);
  const from = { tensor: x, strides: walked, start: dot(begin, strides) };
  stridedCopy(backend, dims, from, { tensor: y, strides: stridesOf(dims) });
  return y;
}

function concatenated(backend: CudaBackend, xs: readonly TensorInfo[], axis: number): TensorInfo {
  const shapes = xs.map((x) => x.shape);
  backend_util.assertParamsConsistent(shapes, axis);
  const shape = backend_util.computeOutShape(shapes, axis);
  const y = backend.output(shape, xs[0]!.dtype);
  const strides = stridesOf(shape);
  let at = 0;
  for (const x of xs) {
    const to = { tensor: y, strides, start: at * strides[axis]! };
    stridedCopy(backend, x.shape, { tensor: x, strides: stridesOf(x.shape) }, to);
    at += x.shape[axis]!;
  }
  return y;
}

/** `sizes[i]` entries of an axis each; `drop` leaves the axis out of the results. */
function split(
  backend: CudaBackend,
  x: TensorInfo,
  axis: number,
  sizes: readonly number[],
  drop: boolean,
): TensorInfo[] {
  let at = 0;
  return sizes.map((size) => {
    const dims = x.shape.map((n, i) => (i === axis ? size : n));
    const begin = x.shape.map((_, i) => (i === axis ? at : 0));
    at += size;
    return part(backend, x, begin, dims, drop ? dims.filter((_, i) => i !== axis) : dims);
  });
}

export function broadcasted(backend: CudaBackend, x: TensorInfo, shape: readonly number[]): TensorInfo {
  const y = backend.output(shape, x.dtype);
  const from = { tensor: x, strides: broadcastStrides(x.shape, shape) };
  stridedCopy(backend, shape, from, { tensor: y, strides: stridesOf(shape) });
  return y;
}

export function padded(
  backend: CudaBackend,
  x: TensorInfo,
  paddings: readonly (readonly [before: number, after: number])[],
  value: number,
): TensorInfo {
  const shape = x.shape.map((n, axis) => paddings[axis]![0] + n + paddings[axis]![1]);
  if (sizeOf(shape) === sizeOf(x.shape)) return backend.share(x, shape);
  const y = filled(backend, shape, value, x.dtype);
  const strides = stridesOf(shape);
  const start = dot(
    paddings.map(([before]) => before),
    strides,
  );
  stridedCopy(backend, x.shape, { tensor: x, strides: stridesOf(x.shape) }, { tensor: y, strides, start });
  return y;
}

const listed = (inputs: Readonly<Record<string, TensorInfo>>): TensorInfo[] => Object.values(inputs);

export const copyKernels: readonly KernelConfig[] = [
  defineKernel<UnaryInputs, TransposeAttrs>(Transpose, (backend, { x }, { perm }) => transposed(backend, x, perm)),
  defineKernel<UnaryInputs, SliceAttrs>(Slice, (backend, { x }, { begin, size }) => {
    const [first, dims] = slice_util.parseSliceParams(x as never, begin, size) as [number[], number[]];
    slice_util.assertParamsValid(x as never, first, dims);
    return part(backend, x, first, dims, dims);
  }),
  defineKernel<UnaryInputs, StridedSliceAttrs>(StridedSlice, (backend, { x }, attrs) => {
    const info = slice_util.sliceInfo(
      ...([x.shape, attrs.begin, attrs.end, attrs.strides] as const),
      ...([attrs.beginMask, attrs.endMask, attrs.ellipsisMask, attrs.newAxisMask, attrs.shrinkAxisMask] as const),
    );
    const dims = slice_util.computeOutShape(info.begin, info.end, info.strides);
    return part(backend, x, info.begin, dims, info.finalShape, info.strides);
  }),
  defineKernel<Readonly<Record<string, TensorInfo>>, ConcatAttrs>(Concat, (backend, inputs, { axis }) => {
    const xs = listed(inputs);
    return concatenated(backend, xs, axisOf(axis, xs[0]!.shape.length));
  }),
  defineKernel<Readonly<Record<string, TensorInfo>>, PackAttrs>(Pack, (backend, inputs, { axis }) => {
    const xs = listed(inputs);
    for (const { shape, dtype } of xs) {
      util.assertShapesMatch(xs[0]!.shape, shape, 'All tensors passed to stack must have matching shapes');
      util.assert(dtype === xs[0]!.dtype, () => 'All tensors passed to stack must have matching dtypes');
    }
    const at = axisOf(axis, xs[0]!.shape.length + 1);
    const rows = xs.map((x) => ({ ...x, shape: [...x.shape.slice(0, at), 1, ...x.shape.slice(at)] }));
    return concatenated(backend, rows, at);
  }),
  defineKernel<UnaryInputs, SplitVAttrs>(SplitV, (backend, { x }, { numOrSizeSplits, axis }) => {
    const at = axisOf(axis, x.shape.length);
    return split(backend, x, at, backend_util.prepareSplitSize(x as never, numOrSizeSplits, at), false);
  }),
  defineKernel<{ value: TensorInfo }, UnpackAttrs>(Unpack, (backend, { value }, { axis }) => {
    const at = axisOf(axis, value.shape.length);
    return split(backend, value, at, new Array<number>(value.shape[at]!).fill(1), true);
  }),
  defineKernel<UnaryInputs, TileAttrs>(Tile, (backend, { x }, { reps }) => {
    const shape = x.shape.map((n, axis) => n * reps[axis]!);
    const y = backend.output(shape, x.dtype);
    const [from, to] = [stridesOf(x.shape), stridesOf(shape)];
    stridedCopy(
      backend,
      x.shape.flatMap((n, axis) => [reps[axis]!, n]),
      { tensor: x, strides: from.flatMap((stride) => [0, stride]) },
      { tensor: y, strides: to.flatMap((stride, axis) => [stride * x.shape[axis]!, stride]) },
    );
    return y;
  }),
  defineKernel<UnaryInputs, ReverseAttrs>(Reverse, (backend, { x }, { dims }) => {
    const axes = new Set(util.parseAxisParam(dims, x.shape));
    const strides = stridesOf(x.shape);
    const y = backend.output(x.shape, x.dtype);
    const ends = x.shape.map((n, axis) => (axes.has(axis) ? n - 1 : 0));
    const backwards = strides.map((stride, axis) => (axes.has(axis) ? -stride : stride));
    const from = { tensor: x, strides: backwards, start: dot(ends, strides) };
    stridedCopy(backend, x.shape, from, { tensor: y, strides });
    return y;
  }),
  defineKernel<UnaryInputs, PadV2Attrs>(PadV2, (backend, { x }, { paddings, constantValue }) =>
    padded(backend, x, paddings, constantValue),
  ),
  defineKernel<UnaryInputs, BroadCastToAttrs>(BroadcastTo, (backend, { x }, { shape }) =>
    broadcasted(backend, x, shape),
  ),
];
