import type { KernelConfig, MirrorPadAttrs } from '@tensorflow/tfjs-core';
import { MirrorPad } from '@tensorflow/tfjs-core';
import { storageType } from '../codegen/types.ts';
import { pointwise } from '../runtime/program.ts';
import { sizeOf } from '../shape.ts';
import { defineKernel, type UnaryInputs } from './define-kernel.ts';

/** Each element looks its source up, axis after axis; `symmetric` repeats the border, `reflect` does not. */
const mirror = (type: string, rank: number) => {
  const axes = Array.from({ length: rank }, (_, axis) => axis);
  const parameters = axes.map((a) => `, int out${a}, int size${a}, int before${a}`).join('');
  const steps = axes.reverse().map(
    (a) => `    place = rest % out${a} - before${a};
    rest /= out${a};
    if (place < 0) place = -place - repeat;
    if (place >= size${a}) place = 2 * (size${a} - 1) - place + repeat;
    source += place * stride;
    stride *= size${a};`,
  );
  return pointwise(
    `${MirrorPad} ${type}, rank ${rank}`,
    `const ${type}* xs, ${type}* ys, int repeat${parameters}`,
    `    int rest = i, place, source = 0, stride = 1;\n${steps.join('\n')}\n    ys[i] = xs[source];`,
  );
};

export const mirrorPadKernels: readonly KernelConfig[] = [
  defineKernel<UnaryInputs, MirrorPadAttrs>(MirrorPad, (backend, { x }, { paddings, mode }) => {
    const shape = x.shape.map((n, axis) => paddings[axis]![0] + n + paddings[axis]![1]);
    const y = backend.output(shape, x.dtype);
    const sizes = shape.flatMap((n, axis) => [n, x.shape[axis]!, paddings[axis]![0]]);
    const values = [backend.pointer(x), backend.pointer(y), mode === 'reflect' ? 0 : 1, ...sizes];
    backend.run(mirror(storageType(x.dtype), shape.length), sizeOf(shape), values);
    return y;
  }),
];
