import { availableThreads, loadOrt } from './ort-runtime.ts';
import { NativeProducts } from './products.ts';

/** Some floats of the heap that the self-test may overwrite: `pointer` to at least `selfTestFloats`. */
export const selfTestFloats = 64;

/**
 * Native matrix products, or the reason for doing without: not Node, not installed, another version, or a self-test whose
 * numbers are wrong (the binding would have copied instead of writing in place).
 */
export function createNativeProducts(
  memory: () => ArrayBufferLike,
  pointer: number,
  threads: number | undefined,
): NativeProducts | { readonly reason: string } {
  const runtime = loadOrt();
  if ('reason' in runtime) return runtime;
  const products = new NativeProducts(runtime, memory, threads ?? availableThreads());
  try {
    if (selfTest(products, memory, pointer)) return products;
    products.dispose();
    return { reason: `onnxruntime-node ${runtime.version} failed its self-test` };
  } catch (error) {
    products.dispose();
    return { reason: `onnxruntime-node ${runtime.version}: ${(error as Error).message}` };
  }
}

/** [2, 3] [3, 4] with both operands transposed in memory, and the same product through `linear` with GELU. */
function selfTest(products: NativeProducts, memory: () => ArrayBufferLike, pointer: number): boolean {
  const heap = new Float32Array(memory(), pointer, selfTestFloats);
  const [m, n, k] = [2, 4, 3];
  for (let i = 0; i < selfTestFloats; i++) heap[i] = i < 18 ? Math.sin(i + 1) : i < 32 ? 0.5 : Number.NaN;
  // a^T at 0 [3, 2]; b^T at 6 [4, 3]; c at 32 [2, 4]
  const at = (i: number): number => pointer + 4 * i;
  products.matMul(at(0), [k, m], true, at(6), [n, k], true, at(32), [m, n]);
  // x at 0 [2, 3]; kernel at 6 [3, 4]; bias at 18 [4]; y at 40 [2, 4]; z at 48 [2, 4]
  products.linear({ m, n, k }, { x: at(0), kernel: at(6), bias: at(18), y: at(40), z: at(48) }, 'gelu');
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let c = 0;
      let z = 0.5;
      for (let q = 0; q < k; q++) {
        c += heap[q * m + i]! * heap[6 + j * k + q]!;
        z += heap[i * k + q]! * heap[6 + q * n + j]!;
      }
      if (!(Math.abs(heap[32 + i * n + j]! - c) < 1e-5) || !(Math.abs(heap[48 + i * n + j]! - z) < 1e-5)) return false;
      // The exact GELU lies between 0 and z, and 2e-4 away from the tanh form at most: only its presence is tested here.
      const y = heap[40 + i * n + j]!;
      if (!(y >= Math.min(z, -0.17) && y <= Math.max(z, 0))) return false;
    }
  }
  return true;
}
