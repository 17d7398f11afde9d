import { GlidError } from '@glid/base';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { backend_util, GatherV2, StridedSlice, slice_util, UnsortedSegmentSum } from '@tensorflow/tfjs-core';
import { product } from '../kernels/matrix-product.ts';
import { replaceKernel } from '../register.ts';

/** Stock reads outside the tensor when batchDims > 0, and takes two milliseconds for a position table of 2401 rows. */
function registerGather(): void {
  interface Attributes {
    readonly axis: number;
    readonly batchDims: number;
  }
  replaceKernel<{ x: TensorInfo; indices: TensorInfo }, Attributes>(GatherV2, (stock) => (context, inputs, attrs) => {
    const { x, indices } = inputs;
    if (x.dtype !== 'float32' && x.dtype !== 'int32') return stock(context, inputs, attrs);
    const axis = attrs.axis < 0 ? attrs.axis + x.shape.length : attrs.axis;
    const info = backend_util.segment_util.collectGatherOpShapeInfo(
      x as Parameters<typeof backend_util.segment_util.collectGatherOpShapeInfo>[0],
      indices as Parameters<typeof backend_util.segment_util.collectGatherOpShapeInfo>[1],
      axis,
      attrs.batchDims,
    );
    const { batchSize, outerSize, dimSize, sliceSize, outputShape } = info;
    const out = context.output(outputShape, x.dtype);
    if (product(outputShape) === 0) return out;
    const count = product(indices.shape) / batchSize;
    for (let b = 0; b < batchSize; b++) {
      const ids = context.pointer(indices) + 4 * b * count;
      const fault = context.simd.gather(
        ...([context.pointer(x) + 4 * b * outerSize * dimSize * sliceSize, ids] as const),
        ...([context.pointer(out) + 4 * b * outerSize * count * sliceSize] as const),
        ...([outerSize, dimSize, sliceSize, count] as const),
      );
      if (fault >= 0) {
        const value = context.integers(indices)[b * count + fault];
        context.dispose(out);
        throw new GlidError('GLID_USAGE', `gather: index ${value} is outside [0, ${dimSize}).`, {
          fix: 'Clip the indices.',
        });
      }
    }
    return out;
  });
}

/** Missing in stock: the gradient of gather. */
function registerSegmentSum(): void {
  replaceKernel<{ x: TensorInfo; segmentIds: TensorInfo }, { numSegments: number }>(
    UnsortedSegmentSum,
    () =>
      (context, { x, segmentIds }, { numSegments }) => {
        const rest = x.shape.slice(segmentIds.shape.length);
        const inner = product(rest);
        const rows = product(segmentIds.shape);
        const out = context.zeros([numSegments, ...rest], x.dtype);
        if (x.dtype === 'float32') {
          const [px, ids, py] = [context.pointer(x), context.pointer(segmentIds), context.pointer(out)];
          context.simd.segmentSum(px, ids, py, rows, inner, numSegments);
          return out;
        }
        const [from, to] = [context.backend.typedArrayFromHeap(x), context.backend.typedArrayFromHeap(out)];
        const ids = context.integers(segmentIds);
        for (let i = 0; i < rows; i++) {
          const segment = ids[i]!;
          if (segment < 0 || segment >= numSegments) continue;
          for (let j = 0; j < inner; j++) to[segment * inner + j]! += from[i * inner + j]!;
        }
        return out;
      },
  );
}

/** Stock treats every value as float32. */
function registerStridedSlice(): void {
  interface Attributes {
    readonly begin: number[];
    readonly end: number[];
    readonly strides: number[];
    readonly beginMask: number;
    readonly endMask: number;
    readonly ellipsisMask: number;
    readonly newAxisMask: number;
    readonly shrinkAxisMask: number;
  }
  replaceKernel<{ x: TensorInfo }, Attributes>(StridedSlice, (stock) => (context, inputs, attrs) => {
    const { x } = inputs;
    if (x.dtype !== 'int32' && x.dtype !== 'bool') return stock(context, inputs, attrs);
    const { begin, end, strides, beginMask, endMask, ellipsisMask, newAxisMask, shrinkAxisMask } = attrs;
    const info = slice_util.sliceInfo(
      ...([x.shape, begin, end, strides] as const),
      ...([beginMask, endMask, ellipsisMask, newAxisMask, shrinkAxisMask] as const),
    );
    const out = context.output(info.finalShape, x.dtype);
    const [from, to] = [context.backend.typedArrayFromHeap(x), context.backend.typedArrayFromHeap(out)];
    const sizes = info.begin.map((first, axis) =>
      Math.max(0, Math.ceil((info.end[axis]! - first) / info.strides[axis]!)),
    );
    for (let i = 0; i < to.length; i++) {
      let rest = i;
      let source = 0;
      let step = 1;
      for (let axis = x.shape.length - 1; axis >= 0; axis--) {
        source += (info.begin[axis]! + (rest % sizes[axis]!) * info.strides[axis]!) * step;
        rest = Math.floor(rest / sizes[axis]!);
        step *= x.shape[axis]!;
      }
      to[i] = from[source]!;
    }
    return out;
  });
}

export function registerIndexing(): void {
  registerGather();
  registerSegmentSum();
  registerStridedSlice();
}
