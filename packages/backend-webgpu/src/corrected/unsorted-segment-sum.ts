import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import { launcherOf } from '../launch/launcher.ts';
import { elementwiseProgram, replaceKernel } from './replace-kernel.ts';

/**
 * Stock: int32 sums are wrong, and float sums use atomics, so that two runs differ in the last bits. Here every output element
 * adds its rows in order: exact for integers, the same bits every time for floats.
 */
export function correctUnsortedSegmentSum(): void {
  replaceKernel('UnsortedSegmentSum', () => ({ inputs, attrs, backend }) => {
    const x = inputs.x as TensorInfo;
    const segmentIds = inputs.segmentIds as TensorInfo;
    const numSegments = attrs?.numSegments as unknown as number;
    const rows = util.sizeFromShape(segmentIds.shape);
    const inner = x.shape.slice(segmentIds.shape.length);
    const width = util.sizeFromShape(inner);
    if (rows === 0) {
      return launcherOf(backend).zeros([numSegments, ...inner], x.dtype === 'float32' ? 'float32' : 'int32');
    }
    const webgpu = backend as WebGPUBackend;
    const program = elementwiseProgram(
      'unsortedSegmentSum',
      [numSegments, width],
      ['x', 'ids'],
      `let width = uniforms.outShape[1];
          let segment = index / width;
          let column = index % width;
          var sum = ${x.dtype === 'float32' ? '0.0' : '0'};
          for (var row = 0; row < uniforms.idsShape; row = row + 1) {
            if (ids[row] == segment) { sum = sum + x[row * width + column]; }
          }
          result[index] = sum;`,
    );
    const flat = (tensor: TensorInfo, shape: number[]): TensorInfo => ({ ...tensor, dataId: tensor.dataId, shape });
    const out = webgpu.runWebGPUProgram(program, [flat(x, [rows, width]), flat(segmentIds, [rows])], x.dtype);
    return { dataId: out.dataId, shape: [numSegments, ...inner], dtype: out.dtype };
  });
}
