import type { TensorInfo } from '@tensorflow/tfjs-core';
import { Slice, slice_util, util } from '@tensorflow/tfjs-core';
import { replaceKernel } from '../register.ts';
import { product } from './matrix-product.ts';

/** From this many elements on, a call that moves them costs less than a loop over them. */
const longRun = 16;

/** Stock first copies the whole of `x` out of the heap, however little is taken. Here what is taken is copied once, run by run. */
export function registerSlice(): void {
  interface Attributes {
    readonly begin: number | number[];
    readonly size: number | number[];
  }
  replaceKernel<{ x: TensorInfo }, Attributes>(Slice, (stock) => (context, inputs, attrs) => {
    const { x } = inputs;
    if (x.dtype !== 'float32' && x.dtype !== 'int32' && x.dtype !== 'bool') return stock(context, inputs, attrs);
    const [begin, size] = slice_util.parseSliceParams(x as never, attrs.begin, attrs.size) as [number[], number[]];
    const out = context.output(size, x.dtype);
    if (product(size) === 0) return out;
    const { buffer } = context.module.HEAPU8;
    const heap = x.dtype === 'bool' ? new Uint8Array(buffer) : new Int32Array(buffer);
    const strides = [...util.computeStrides(x.shape), 1];
    // Axes that are taken whole, at the end, belong to a run of contiguous elements, and so does the axis before them.
    let axes = x.shape.length;
    while (axes > 0 && size[axes - 1] === x.shape[axes - 1]) axes--;
    const outer = Math.max(0, axes - 1);
    const run = product(size.slice(outer));
    let to = context.pointer(out) / heap.BYTES_PER_ELEMENT;
    const move = (axis: number, from: number): void => {
      if (axis < outer) {
        for (let i = 0; i < size[axis]!; i++) move(axis + 1, from + i * strides[axis]!);
        return;
      }
      if (run >= longRun) heap.copyWithin(to, from, from + run);
      else for (let i = 0; i < run; i++) heap[to + i] = heap[from + i]!;
      to += run;
    };
    const first = begin.reduce((at, index, axis) => at + index * strides[axis]!, 0);
    move(0, context.pointer(x) / heap.BYTES_PER_ELEMENT + first);
    return out;
  });
}
