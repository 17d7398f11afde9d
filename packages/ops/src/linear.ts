import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import { add, clone, engine, fused as fusedOps, matMul, mul, relu, reshape, step } from '@tensorflow/tfjs-core';
import { columnSum } from './column-sum.ts';
import type { Activation } from './contracts.ts';
import { geluGradient, geluValue } from './gelu.ts';
import { differentiable } from './gradient.ts';
import { hasGlidKernel, readAs, runGlidKernel } from './kernel.ts';
import { product, requireShape, sameShape } from './shape.ts';

/**
 * `activation(x kernel + bias)` over the last axis: `x [..., I]`, `kernel [I, O]`, `bias [O]` -> `[..., O]`.
 * One matrix product forward and two backward, whatever the rank of `x`. Kernel: `GlidLinear`, `GlidColumnSum`, `GlidGeluGrad`.
 * Throws `GLID_SHAPE`.
 */
export function linear<T extends Tensor>(x: T, kernel: Tensor2D, bias?: Tensor1D, activation?: Activation): T {
  const inSize = x.shape[x.rank - 1];
  const [kernelIn, outSize] = kernel.shape;
  requireShape(
    x.rank >= 1 && kernel.rank === 2 && inSize === kernelIn && (bias === undefined || bias.shape[0] === outSize),
    'linear',
    'x [..., I], kernel [I, O], bias [O]',
    bias === undefined ? { x, kernel } : { x, kernel, bias },
  );
  const inShape = x.shape;
  const outShape = [...x.shape.slice(0, -1), outSize];
  const rows = product(inShape.slice(0, -1));
  const taped = engine().isTapeOn();
  return differentiable<T>(
    bias === undefined ? [x, kernel] : [x, kernel, bias],
    (save) => {
      const withPreactivation = taped && activation !== undefined;
      const fused = runGlidKernel(
        'GlidLinear',
        { x: readAs(x, [rows, kernelIn]), kernel, bias },
        { activation: activation ?? 'none', withPreactivation },
        withPreactivation ? [outShape, [rows, outSize]] : [outShape],
      );
      const flat = (): Tensor2D => reshape(x, [rows, kernelIn]);
      const [y, preactivation] = fused ?? decomposed(flat(), kernel, bias, activation, withPreactivation);
      save(preactivation === undefined ? [x, kernel] : [x, kernel, preactivation]);
      return (fused ? y! : reshape(y!, outShape)) as T;
    },
    (dy, saved) => {
      const [x, kernel, preactivation] = saved as [T, Tensor2D, Tensor2D?];
      let d = reshape(dy, [rows, outSize]) as Tensor2D;
      if (activation === 'gelu') d = geluGradient(d, preactivation!);
      if (activation === 'relu') d = mul(d, step(preactivation!)) as Tensor2D;
      const dx = reshape(matMul(d, kernel, false, true), inShape);
      const dkernel = matMul(reshape(x, [rows, kernelIn]) as Tensor2D, d, true, false);
      return bias === undefined ? [dx, dkernel] : [dx, dkernel, columnSum(d)];
    },
  );
}

/**
 * `residual + x kernel + bias`, the end of every branch of a transformer: as `linear`, with `residual [..., O]` added by the product itself
 * where the backend can. Kernel: `GlidLinearAdd`. Throws `GLID_SHAPE`.
 */
export function linearAdd<T extends Tensor>(x: Tensor, kernel: Tensor2D, bias: Tensor1D | undefined, residual: T): T {
  if (!hasGlidKernel('GlidLinearAdd')) return add(residual, linear(x, kernel, bias)) as T;
  const [inSize, outSize] = kernel.shape;
  const fits = x.shape.at(-1) === inSize && (bias === undefined || bias.shape[0] === outSize);
  const outShape = [...x.shape.slice(0, -1), outSize];
  requireShape(
    fits && sameShape(outShape, residual.shape),
    'linearAdd',
    'x [..., I], kernel [I, O], bias [O], residual [..., O]',
    bias === undefined ? { x, kernel, residual } : { x, kernel, bias, residual },
  );
  const rows = product(x.shape.slice(0, -1));
  const inShape = x.shape;
  return differentiable<T>(
    bias === undefined ? [residual, x, kernel] : [residual, x, kernel, bias],
    (save) => {
      save([x, kernel]);
      const inputs = { x: readAs(x, [rows, inSize]), kernel, bias, residual: readAs(residual, [rows, outSize]) };
      return runGlidKernel('GlidLinearAdd', inputs, {}, [outShape])![0] as T;
    },
    (dy, saved) => {
      const [x, kernel] = saved as [Tensor, Tensor2D];
      const d = reshape(dy, [rows, outSize]) as Tensor2D;
      const dkernel = matMul(reshape(x, [rows, inSize]) as Tensor2D, d, true, false);
      const gradients = [clone(dy), reshape(matMul(d, kernel, false, true), inShape), dkernel];
      return bias === undefined ? gradients : [...gradients, columnSum(d)];
    },
  );
}

/** Without a kernel of the backend's own. */
function decomposed(
  x: Tensor2D,
  kernel: Tensor2D,
  bias: Tensor1D | undefined,
  activation: Activation | undefined,
  withPreactivation: boolean,
): [y: Tensor, preactivation?: Tensor] {
  if (activation === 'relu' && bias !== undefined && !withPreactivation && engine().state.gradientDepth === 0) {
    return [fusedOps.matMul({ a: x, b: kernel, bias, activation: 'relu' }) as Tensor2D];
  }
  const z = (bias === undefined ? matMul(x, kernel) : fusedOps.matMul({ a: x, b: kernel, bias })) as Tensor2D;
  if (activation === undefined) return [z];
  const y = activation === 'gelu' ? geluValue(z) : relu(z);
  return withPreactivation ? [y, z] : [y];
}
