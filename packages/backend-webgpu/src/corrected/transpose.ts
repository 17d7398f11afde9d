import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { elementwiseProgram, replaceKernel } from './replace-kernel.ts';

/** Stock: a transpose of int32 or bool of rank >= 3 does not compile with today's WGSL compilers and gives zeros. */
export function correctTranspose(): void {
  replaceKernel('Transpose', (stock) => (args) => {
    const x = args.inputs.x as TensorInfo;
    if (x.dtype === 'float32' || x.shape.length < 3) return stock(args);
    const backend = args.backend as WebGPUBackend;
    if (backend.shouldExecuteOnCPU([x])) return stock(args);
    const perm = args.attrs?.perm as unknown as number[];
    const shape = perm.map((axis) => x.shape[axis]!);
    return backend.runWebGPUProgram(transposeProgram(perm, shape), [x], x.dtype);
  });
}

const axes = ['x', 'y', 'z', 'w', 'u', 'v'];

function transposeProgram(
  perm: readonly number[],
  outputShape: readonly number[],
): ReturnType<typeof elementwiseProgram> {
  const rank = perm.length;
  const source = new Array<string>(rank);
  perm.forEach((axis, i) => {
    source[axis] = `coords.${axes[i]}`;
  });
  const coordinates = rank <= 4 ? `vec${rank}<i32>` : `vec${rank}`;
  return elementwiseProgram(
    `transpose:${perm.join()}`,
    outputShape,
    ['A'],
    `let coords = getCoordsFromIndex(index);
          result[index] = A[getIndexFromCoords${rank}D(${coordinates}(${source.join(', ')}), uniforms.aShape)];`,
  );
}
