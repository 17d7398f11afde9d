import type { TensorInfo } from '@tensorflow/tfjs-core';
import { _FusedMatMul, BatchMatMul } from '@tensorflow/tfjs-core';
import { replaceKernel } from '../register.ts';
import { matrixProduct, product } from './matrix-product.ts';

interface MatMulInputs {
  readonly a: TensorInfo;
  readonly b: TensorInfo;
}

interface FusedInputs extends MatMulInputs {
  readonly bias?: TensorInfo;
  readonly preluActivationWeights?: TensorInfo;
}

interface MatMulAttributes {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly activation?: string;
}

/** The stock kernel is fast for one plain product only: batches and transposed operands run 12 to 30 times slower. */
export function registerMatMul(): void {
  replaceKernel<MatMulInputs, MatMulAttributes>(
    BatchMatMul,
    () =>
      (context, { a, b }, { transposeA, transposeB }) =>
        matrixProduct(context, a, b, transposeA, transposeB),
  );
  replaceKernel<FusedInputs, MatMulAttributes>(_FusedMatMul, (stock) => (context, inputs, attrs) => {
    const { a, b, bias, preluActivationWeights } = inputs;
    const activation = attrs.activation ?? 'linear';
    const n = attrs.transposeB ? b.shape[b.shape.length - 2]! : b.shape[b.shape.length - 1]!;
    const plainBias = bias === undefined || product(bias.shape) === n;
    const plainActivation = activation === 'linear' || activation === 'relu';
    if (!plainBias || !plainActivation || preluActivationWeights !== undefined) return stock(context, inputs, attrs);
    const out = matrixProduct(context, a, b, attrs.transposeA, attrs.transposeB);
    const size = product(out.shape);
    const y = context.pointer(out);
    if (bias !== undefined && size > 0) context.simd.addBias(y, context.pointer(bias), size / n, n);
    if (activation === 'relu') context.simd.relu(y, y, size);
    return out;
  });
}
