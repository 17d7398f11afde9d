import { backend_util, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { launcherOf } from '../launch/launcher.ts';
import { replaceKernel } from './replace-kernel.ts';

/** Stock: a sum over a tensor without elements asks the device for a buffer of NaN bytes and throws. The sum is zero. */
export function correctSum(): void {
  replaceKernel('Sum', (stock) => (args) => {
    const x = args.inputs.x as TensorInfo;
    if (util.sizeFromShape(x.shape) > 0) return stock(args);
    const { axis, keepDims } = args.attrs as unknown as { axis: number | number[]; keepDims: boolean };
    const axes = util.parseAxisParam(axis, x.shape);
    const [left] = backend_util.computeOutAndReduceShapes(x.shape, axes);
    const shape = keepDims ? backend_util.expandShapeToKeepDim(left, axes) : left;
    return launcherOf(args.backend).zeros(shape, x.dtype === 'float32' ? 'float32' : 'int32');
  });
}
