import type { TensorInfo } from '@tensorflow/tfjs-core';
import { bilinearGradient } from '../kernels/resize-gradient.ts';
import { launcherOf } from '../launch/launcher.ts';
import { replaceKernel } from './replace-kernel.ts';

/** Stock: the gradient of a bilinear resize ignores `halfPixelCenters`. */
export function correctResizeBilinearGradient(): void {
  replaceKernel('ResizeBilinearGrad', () => ({ inputs, attrs, backend }) => {
    const { images, dy } = inputs as { images: TensorInfo; dy: TensorInfo };
    const { alignCorners, halfPixelCenters } = attrs as unknown as { alignCorners: boolean; halfPixelCenters: boolean };
    const size = [images.shape[1]!, images.shape[2]!] as const;
    return bilinearGradient(launcherOf(backend), dy, size, alignCorners, halfPixelCenters ? 'half-pixel' : 'plain');
  });
}
