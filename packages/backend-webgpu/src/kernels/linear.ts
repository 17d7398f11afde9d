import { glidKernel } from './glid-kernel.ts';
import { launchProduct } from './matrix-product.ts';

/** One dispatch: product, bias and activation, and the value before the activation where the gradient needs it. */
export function registerLinear(): void {
  glidKernel('GlidLinear', (gpu, { x, kernel, bias }, { activation, withPreactivation }) => {
    const [m, k] = x.shape as [number, number];
    const n = kernel.shape[1]!;
    const y = gpu.output([m, n]);
    const preactivation = withPreactivation ? gpu.output([m, n]) : undefined;
    if (m * n > 0) {
      launchProduct(gpu, {
        ...{ a: x, b: kernel, transposeA: false, transposeB: false, batch: 1, m, k, n },
        ...{ bias, activation, y, preactivation },
      });
    }
    return preactivation === undefined ? [y] : [y, preactivation];
  });
}
