import type { TensorInfo } from '@tensorflow/tfjs-core';
import { Transpose } from '@tensorflow/tfjs-core';
import type { WasmContext } from '../context.ts';
import { replaceKernel } from '../register.ts';

const outerAxes = 6;

/** An axis of the output: its size, and how far one step goes in the input and in the output. */
interface Axis {
  readonly size: number;
  readonly inStep: number;
  readonly outStep: number;
}

/** Axes of size 1 left out, and neighbours that stay neighbours merged: fewer, longer axes. In the output's order. */
export function mergeAxes(shape: readonly number[], perm: readonly number[]): Axis[] {
  const inSteps: number[] = Array.from({ length: shape.length }, () => 1);
  for (let i = shape.length - 2; i >= 0; i--) inSteps[i] = inSteps[i + 1]! * shape[i + 1]!;
  const merged: { size: number; inStep: number }[] = [];
  for (const axis of perm) {
    const size = shape[axis]!;
    if (size === 1) continue;
    const inStep = inSteps[axis]!;
    const last = merged[merged.length - 1];
    if (last !== undefined && last.inStep === inStep * size) {
      last.size *= size;
      last.inStep = inStep;
    } else {
      merged.push({ size, inStep });
    }
  }
  let outStep = 1;
  const axes: Axis[] = [];
  for (const { size, inStep } of merged.reverse()) {
    axes.unshift({ size, inStep, outStep });
    outStep *= size;
  }
  return axes;
}

/** 32-bit values only; at most six axes beside the last after merging, which is every tensor of TensorFlow.js. */
function run(context: WasmContext, x: TensorInfo, axes: readonly Axis[], out: TensorInfo): void {
  const last = axes[axes.length - 1]!;
  let outer = axes.slice(0, -1);
  let block = { rows: 0, columns: last.size, inStep: 0, outStep: 0 };
  if (last.inStep !== 1) {
    // The input's contiguous axis becomes the columns of small transposed blocks.
    const contiguous = outer.find((axis) => axis.inStep === 1)!;
    outer = outer.filter((axis) => axis !== contiguous);
    block = { rows: last.size, columns: contiguous.size, inStep: last.inStep, outStep: contiguous.outStep };
  }
  const table = context.scratch(4 * 3 * outerAxes);
  const entries = new Int32Array(context.module.HEAPU8.buffer, table, 3 * outerAxes);
  const pad = outerAxes - outer.length;
  entries.fill(1, 0, outerAxes).fill(0, outerAxes);
  outer.forEach((axis, i) => {
    entries[pad + i] = axis.size;
    entries[outerAxes + pad + i] = axis.inStep;
    entries[2 * outerAxes + pad + i] = axis.outStep;
  });
  const { rows, columns, inStep, outStep } = block;
  context.simd.transpose(context.pointer(x), context.pointer(out), table, rows, columns, inStep, outStep);
}

/** The stock kernel is slow from rank 4 on and has no fast path at all from rank 5. */
export function registerTranspose(): void {
  replaceKernel<{ x: TensorInfo }, { perm: number[] }>(Transpose, (stock) => (context, inputs, attrs) => {
    const { x } = inputs;
    const words = x.dtype === 'float32' || x.dtype === 'int32';
    if (!words || x.shape.includes(0) || x.shape.length > outerAxes) return stock(context, inputs, attrs);
    const axes = mergeAxes(x.shape, attrs.perm);
    // One axis left: nothing moves, and the stock kernel shares the data.
    if (axes.length < 2) return stock(context, inputs, attrs);
    const out = context.output(
      attrs.perm.map((axis) => x.shape[axis]!),
      x.dtype,
    );
    run(context, x, axes, out);
    return out;
  });
}
