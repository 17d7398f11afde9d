import { GlidError } from '@glid/base';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { broadcast_util } from '@tensorflow/tfjs-core';
import type { WasmContext } from '../context.ts';

/** Below this many multiplications the call into ONNX Runtime costs more than the product. */
const nativeFrom = 2e5;

/** out = op(a) op(b) over the last two axes; leading axes are equal or broadcast. float32 or int32. */
export function matrixProduct(
  context: WasmContext,
  a: TensorInfo,
  b: TensorInfo,
  transposeA: boolean,
  transposeB: boolean,
): TensorInfo {
  const [rowsA, columnsA] = a.shape.slice(-2) as [number, number];
  const [rowsB, columnsB] = b.shape.slice(-2) as [number, number];
  const [m, k] = transposeA ? [columnsA, rowsA] : [rowsA, columnsA];
  const [kb, n] = transposeB ? [columnsB, rowsB] : [rowsB, columnsB];
  if (k !== kb) {
    throw new GlidError('GLID_SHAPE', `matMul: [${a.shape}] and [${b.shape}] do not share their inner size.`, {
      fix: 'Check transposeA and transposeB.',
      details: { a: a.shape, b: b.shape, transposeA, transposeB },
    });
  }
  const outerA = a.shape.slice(0, -2);
  const outerB = b.shape.slice(0, -2);
  const outer = broadcast_util.assertAndGetBroadcastShape(outerA, outerB);
  const out = context.output([...outer, m, n], a.dtype === 'int32' && b.dtype === 'int32' ? 'int32' : 'float32');
  const plan: Plan = { m, n, k, transposeA, transposeB };
  const batchA = product(outerA);
  const batchB = product(outerB);
  const batch = product(outer);
  if (out.dtype === 'int32' || a.dtype !== 'float32' || b.dtype !== 'float32') {
    plainProducts(context, a, b, out, plan, batch, offsets(outerA, outer), offsets(outerB, outer));
    return out;
  }
  const [pa, pb, pc] = [context.pointer(a), context.pointer(b), context.pointer(out)];
  if (batch === 0 || m === 0 || n === 0) return out;
  if (batchA === batch && batchB === 1 && !transposeA) {
    // One right operand for all: a single tall product.
    one(context, pa, pb, pc, { ...plan, m: batch * m });
  } else if (batchA === batch && batchB === batch) {
    many(context, pa, pb, pc, plan, batch);
  } else {
    const stepsA = offsets(outerA, outer);
    const stepsB = offsets(outerB, outer);
    for (let i = 0; i < batch; i++) {
      one(context, pa + 4 * m * k * stepsA[i]!, pb + 4 * k * n * stepsB[i]!, pc + 4 * m * n * i, plan);
    }
  }
  return out;
}

interface Plan {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

function one(context: WasmContext, a: number, b: number, c: number, plan: Plan): void {
  const { m, n, k, transposeA, transposeB } = plan;
  if (context.native !== undefined && m * n * k >= nativeFrom) {
    const shapeA = transposeA ? [k, m] : [m, k];
    const shapeB = transposeB ? [n, k] : [k, n];
    context.native.matMul(a, shapeA, transposeA, b, shapeB, transposeB, c, [m, n]);
    return;
  }
  const strideA = transposeA ? m : k;
  const strideB = transposeB ? k : n;
  context.simd.gemm(m, n, k, a, strideA, transposeA, b, strideB, transposeB, c, n, 0, false, context.products);
}

function many(context: WasmContext, a: number, b: number, c: number, plan: Plan, batch: number): void {
  const { m, n, k, transposeA, transposeB } = plan;
  if (context.native !== undefined && batch * m * n * k >= nativeFrom) {
    const shapeA = transposeA ? [batch, k, m] : [batch, m, k];
    const shapeB = transposeB ? [batch, n, k] : [batch, k, n];
    context.native.matMul(a, shapeA, transposeA, b, shapeB, transposeB, c, [batch, m, n]);
    return;
  }
  context.simd.batchGemm(batch, m, n, k, a, m * k, transposeA, b, k * n, transposeB, c, context.products);
}

/** Products of integers, exact in 32 bits, or of mixed types. */
function plainProducts(
  context: WasmContext,
  a: TensorInfo,
  b: TensorInfo,
  out: TensorInfo,
  plan: Plan,
  batch: number,
  stepsA: Int32Array,
  stepsB: Int32Array,
): void {
  const { m, n, k, transposeA, transposeB } = plan;
  const va = context.backend.typedArrayFromHeap(a);
  const vb = context.backend.typedArrayFromHeap(b);
  const vc = context.backend.typedArrayFromHeap(out);
  for (let q = 0; q < batch; q++) {
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let sum = 0;
        for (let p = 0; p < k; p++) {
          const ia = stepsA[q]! * m * k + (transposeA ? p * m + i : i * k + p);
          const ib = stepsB[q]! * k * n + (transposeB ? j * k + p : p * n + j);
          sum += va[ia]! * vb[ib]!;
        }
        vc[(q * m + i) * n + j] = sum;
      }
    }
  }
}

/** Which of the operand's matrices each output matrix uses. */
function offsets(from: readonly number[], to: readonly number[]): Int32Array {
  const out = new Int32Array(product(to));
  const pad = to.length - from.length;
  for (let i = 0; i < out.length; i++) {
    let rest = i;
    let step = 1;
    for (let axis = to.length - 1; axis >= pad; axis--) {
      const size = from[axis - pad]!;
      if (size > 1) out[i]! += (rest % to[axis]!) * step;
      rest = Math.floor(rest / to[axis]!);
      step *= size;
    }
  }
  return out;
}

export function product(shape: readonly number[]): number {
  let size = 1;
  for (const n of shape) size *= n;
  return size;
}
