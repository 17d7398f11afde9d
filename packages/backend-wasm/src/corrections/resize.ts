import type { TensorInfo } from '@tensorflow/tfjs-core';
import { ResizeBilinearGrad } from '@tensorflow/tfjs-core';
import { bilinearGradient, bilinearTaps } from '../kernels/resize-gradient.ts';
import { replaceKernel } from '../register.ts';

/** Stock ignores halfPixelCenters in the gradient. */
export function registerResize(): void {
  interface Attributes {
    readonly alignCorners: boolean;
    readonly halfPixelCenters?: boolean;
  }
  replaceKernel<{ images: TensorInfo; dy: TensorInfo }, Attributes>(
    ResizeBilinearGrad,
    () =>
      (context, { images, dy }, { alignCorners, halfPixelCenters = false }) => {
        const [, height, width] = images.shape as [number, number, number, number];
        const rows = bilinearTaps(height, dy.shape[1]!, alignCorners, halfPixelCenters);
        const columns = bilinearTaps(width, dy.shape[2]!, alignCorners, halfPixelCenters);
        return bilinearGradient(context, dy, [height, width], rows, columns);
      },
  );
}
