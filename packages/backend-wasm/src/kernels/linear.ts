import { glidKernel } from './glid-kernel.ts';
import { product } from './matrix-product.ts';

/** Below this many multiplications the call into ONNX Runtime costs more than the product. */
const nativeFrom = 2e5;

export function registerLinear(): void {
  glidKernel('GlidLinear', (context, { x, kernel, bias }, { activation, withPreactivation }) => {
    const [m, k] = x.shape as [number, number];
    const n = kernel.shape[1]!;
    const y = context.output([m, n]);
    const z = withPreactivation ? context.output([m, n]) : undefined;
    const outputs: [typeof y] | [typeof y, typeof y] = z === undefined ? [y] : [y, z];
    if (m * n === 0) return outputs;
    const pointers = {
      x: context.pointer(x),
      kernel: context.pointer(kernel),
      bias: context.optional(bias),
      y: context.pointer(y),
      z: context.optional(z),
    };
    // Without an activation the two outputs are the same numbers: the graph has one output then.
    const native = activation !== 'none' || z === undefined ? context.native : undefined;
    if (native !== undefined && m * n * k >= nativeFrom) {
      native.linear({ m, n, k }, pointers, activation);
      return outputs;
    }
    const sums = pointers.z || pointers.y;
    context.simd.gemm(
      ...([m, n, k, pointers.x, k, false, pointers.kernel, n, false] as const),
      ...([sums, n, pointers.bias, false, context.products] as const),
    );
    if (activation === 'gelu') context.simd.gelu(sums, pointers.y, m * n);
    else if (activation === 'relu') context.simd.relu(sums, pointers.y, m * n);
    else if (z !== undefined) context.floats(y).set(context.floats(z));
    return outputs;
  });

  glidKernel('GlidColumnSum', (context, { x }) => {
    const [m, n] = x.shape as [number, number];
    const y = context.output([n]);
    const scratch = context.scratch(4 * n);
    context.simd.columnSum(context.pointer(x), context.pointer(y), m, n, scratch);
    return [y];
  });

  glidKernel('GlidGelu', (context, { x }) => {
    const y = context.output(x.shape);
    context.simd.gelu(context.pointer(x), context.pointer(y), product(x.shape));
    return [y];
  });

  glidKernel('GlidGeluGrad', (context, { dy, x }) => {
    const dx = context.output(x.shape);
    context.simd.geluGrad(context.pointer(dy), context.pointer(x), context.pointer(dx), product(x.shape));
    return [dx];
  });
}
