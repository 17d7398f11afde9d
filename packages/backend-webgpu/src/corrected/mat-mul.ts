import { broadcast_util, type KernelFunc, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { launchProduct } from '../kernels/matrix-product.ts';
import { launcherOf } from '../launch/launcher.ts';
import { replaceKernel } from './replace-kernel.ts';

/**
 * Stock: a long product with a small result is summed with float atomics, in another order at every run; and an empty operand
 * throws. Here sums have a fixed order. What the fused product does not have (other activations, other types, batches that broadcast
 * axis by axis) is left to the stock kernel.
 */
export function correctMatMul(): void {
  for (const name of ['BatchMatMul', '_FusedMatMul']) replaceKernel(name, matMul);
}

function matMul(stock: KernelFunc): KernelFunc {
  return (args) => {
    const { a, b, bias, preluActivationWeights } = args.inputs as Record<string, TensorInfo | undefined>;
    const { transposeA, transposeB, activation } = args.attrs as unknown as {
      transposeA: boolean;
      transposeB: boolean;
      activation?: string | null;
    };
    const [m, k] = lastTwo(a!, transposeA);
    const n = lastTwo(b!, transposeB)[1];
    const outer = broadcast_util.assertAndGetBroadcastShape(a!.shape.slice(0, -2), b!.shape.slice(0, -2));
    const batch = util.sizeFromShape(outer);
    const [batchA, batchB] = [a!, b!].map((t) => util.sizeFromShape(t.shape.slice(0, -2))) as [number, number];
    const served =
      a!.dtype === 'float32' &&
      b!.dtype === 'float32' &&
      (batchA === batch || batchA === 1) &&
      (batchB === batch || batchB === 1) &&
      (bias === undefined || util.sizeFromShape(bias.shape) === n) &&
      preluActivationWeights === undefined &&
      ['linear', 'relu', undefined, null].includes(activation);
    if (!served) return stock(args);
    const gpu = launcherOf(args.backend);
    const shape = [...outer, m, n];
    // Without an inner axis the sums are empty.
    if (k === 0 && bias === undefined) return gpu.zeros(shape);
    const y = gpu.output(shape);
    if (batch * m * n === 0) return y;
    launchProduct(gpu, {
      ...{ a: a!, b: b!, transposeA, transposeB, batch, m, k, n, y, bias },
      ...{ sharedA: batchA < batch, sharedB: batchB < batch },
      activation: activation === 'relu' ? 'relu' : 'none',
    });
    return y;
  };
}

function lastTwo({ shape }: TensorInfo, transposed: boolean): [number, number] {
  const [first, second] = [shape[shape.length - 2]!, shape[shape.length - 1]!];
  return transposed ? [second, first] : [first, second];
}
