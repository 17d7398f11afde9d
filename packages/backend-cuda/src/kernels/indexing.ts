import type {
  GatherV2Attrs,
  KernelConfig,
  OneHotAttrs,
  TensorInfo,
  TopKAttrs,
  UnsortedSegmentSumAttrs,
} from '@tensorflow/tfjs-core';
import { backend_util, GatherV2, OneHot, TopK, UnsortedSegmentSum } from '@tensorflow/tfjs-core';
import { cType, storageType } from '../codegen/types.ts';
import { pointwise } from '../runtime/program.ts';
import { axisOf, sizeOf } from '../shape.ts';
import { defineKernel } from './define-kernel.ts';
import { filled } from './fill.ts';

export const indexingKernels: readonly KernelConfig[] = [
  // An index outside gives 0.
  defineKernel<{ x: TensorInfo; indices: TensorInfo }, GatherV2Attrs>(
    GatherV2,
    (backend, { x, indices }, { axis, batchDims }) => {
      const at = axisOf(axis, x.shape.length);
      const info = backend_util.segment_util.collectGatherOpShapeInfo(x as never, indices as never, at, batchDims);
      const { batchSize, outerSize, dimSize, sliceSize, outputShape } = info;
      const y = backend.output(outputShape, x.dtype);
      const type = storageType(x.dtype);
      const program = pointwise(
        `${GatherV2} ${type}`,
        `const ${type}* xs, const int* indices, ${type}* ys, int outer, int size, int count, int inner`,
        `    int place = i % inner, rest = i / inner;
    int k = rest % count, row = rest / count % outer, batch = rest / count / outer;
    int index = indices[batch * count + k];
    bool inside = index >= 0 && index < size;
    ${type} nothing = {};
    ys[i] = inside ? xs[(((size_t)batch * outer + row) * size + index) * inner + place] : nothing;`,
      );
      const addresses = [x, indices, y].map((tensor) => backend.pointer(tensor));
      const count = sizeOf(indices.shape) / Math.max(1, batchSize);
      backend.run(program, sizeOf(outputShape), [...addresses, outerSize, dimSize, count, sliceSize]);
      return y;
    },
  ),
  // Sums in an order of chance: equal calls may differ in the last bits.
  defineKernel<{ x: TensorInfo; segmentIds: TensorInfo }, UnsortedSegmentSumAttrs>(
    UnsortedSegmentSum,
    (backend, { x, segmentIds }, { numSegments }) => {
      const y = filled(backend, [numSegments, ...x.shape.slice(segmentIds.shape.length)], 0, x.dtype);
      const type = cType(x.dtype);
      const program = pointwise(
        `${UnsortedSegmentSum} ${type}`,
        `const ${type}* xs, const int* segments, ${type}* ys, int inner, int count`,
        `    int segment = segments[i / inner];
    if (segment >= 0 && segment < count) atomicAdd(ys + (size_t)segment * inner + i % inner, xs[i]);`,
      );
      const n = sizeOf(x.shape);
      const addresses = [x, segmentIds, y].map((tensor) => backend.pointer(tensor));
      backend.run(program, n, [...addresses, n / Math.max(1, sizeOf(segmentIds.shape)), numSegments]);
      return y;
    },
  ),
  defineKernel<{ indices: TensorInfo }, OneHotAttrs>(OneHot, (backend, { indices }, attrs) => {
    const { depth, onValue, offValue, dtype = 'int32' } = attrs;
    const y = backend.output([...indices.shape, depth], dtype);
    const program = pointwise(
      `${OneHot} ${dtype}`,
      `const int* indices, ${cType(dtype)}* ys, int depth, float on, float off`,
      `    ys[i] = (${cType(dtype)})(indices[i / depth] == i % depth ? on : off);`,
    );
    const addresses = [backend.pointer(indices), backend.pointer(y)];
    backend.run(program, sizeOf(y.shape), [...addresses, depth, onValue, offValue]);
    return y;
  }),
  // An element's rank is the number of elements before it in descending order: equal ones by index, NaN last.
  defineKernel<{ x: TensorInfo }, TopKAttrs>(TopK, (backend, { x }, { k }) => {
    const count = x.shape.at(-1)!;
    const shape = [...x.shape.slice(0, -1), k];
    const [values, indices] = [backend.output(shape, x.dtype), backend.output(shape, 'int32')];
    const type = cType(x.dtype);
    const program = pointwise(
      `${TopK} ${type}`,
      `const ${type}* xs, ${type}* values, int* indices, int count, int k`,
      `    int row = i / count, own = i % count, rank = 0;
    const ${type}* x = xs + (size_t)row * count;
    ${type} v = x[own];
    for (int j = 0; j < count && rank < k; j++) {
      ${type} other = x[j];
      bool less = v != v && other == other, equal = v == other || (v != v && other != other);
      rank += other > v || less || (equal && j < own);
    }
    if (rank < k) {
      values[(size_t)row * k + rank] = v;
      indices[(size_t)row * k + rank] = own;
    }`,
    );
    const addresses = [x, values, indices].map((tensor) => backend.pointer(tensor));
    backend.run(program, k === 0 ? 0 : sizeOf(x.shape), [...addresses, count, k]);
    return [values, indices];
  }),
];
