import type { TensorInfo } from '@tensorflow/tfjs-core';
import { AvgPoolGrad, backend_util, MaxPoolGrad } from '@tensorflow/tfjs-core';
import { replaceKernel } from '../register.ts';

interface PoolAttributes {
  readonly filterSize: number | [number, number];
  readonly strides: number | [number, number];
  readonly pad: Parameters<typeof backend_util.computePool2DInfo>[4];
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

type Shape4 = [number, number, number, number];

/** The part of a window that lies inside the picture. */
interface Window {
  readonly batch: number;
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

function poolGeometry(shape: readonly number[], attrs: PoolAttributes): backend_util.Conv2DInfo {
  const { filterSize, strides, pad, dimRoundingMode } = attrs;
  return backend_util.computePool2DInfo(shape as Shape4, filterSize, strides, 1, pad, dimRoundingMode);
}

/** Calls `visit` for every output pixel, with the index of its first channel. */
function forEachWindow(info: backend_util.Conv2DInfo, visit: (window: Window, first: number) => void): void {
  const { batchSize, inHeight, inWidth, outHeight, outWidth, outChannels, padInfo } = info;
  let at = 0;
  for (let batch = 0; batch < batchSize; batch++) {
    for (let y = 0; y < outHeight; y++) {
      const top = y * info.strideHeight - padInfo.top;
      for (let x = 0; x < outWidth; x++, at++) {
        const left = x * info.strideWidth - padInfo.left;
        visit(
          {
            batch,
            top: Math.max(0, top),
            bottom: Math.min(inHeight, top + info.filterHeight),
            left: Math.max(0, left),
            right: Math.min(inWidth, left + info.filterWidth),
          },
          at * outChannels,
        );
      }
    }
  }
}

/** Stock: maximum wrong for some pictures that are not square, average divided by the full window at borders. */
export function registerPoolingGradients(): void {
  replaceKernel<{ dy: TensorInfo; input: TensorInfo }, PoolAttributes>(
    MaxPoolGrad,
    () =>
      (context, { dy, input }, attrs) => {
        const info = poolGeometry(input.shape, attrs);
        const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, padInfo } = info;
        const dx = context.zeros(input.shape);
        context.simd.maxPoolGrad(
          ...([context.pointer(dy), context.pointer(input), context.pointer(dx)] as const),
          ...([batchSize, inHeight, inWidth, inChannels, outHeight, outWidth] as const),
          ...([info.filterHeight, info.filterWidth, info.strideHeight, info.strideWidth] as const),
          ...([padInfo.top, padInfo.left] as const),
        );
        return dx;
      },
  );

  replaceKernel<{ dy: TensorInfo; input: TensorInfo }, PoolAttributes>(
    AvgPoolGrad,
    () =>
      (context, { dy, input }, attrs) => {
        const [, height, width, channels] = input.shape as Shape4;
        const dx = context.zeros(input.shape);
        const [source, target] = [context.pointer(dy), context.pointer(dx)];
        forEachWindow(poolGeometry(input.shape, attrs), ({ batch, top, bottom, left, right }, first) => {
          // The mean is over the pixels that exist.
          const share = 1 / ((bottom - top) * (right - left));
          for (let y = top; y < bottom; y++) {
            for (let q = left; q < right; q++) {
              const at = ((batch * height + y) * width + q) * channels;
              context.simd.addScaled(source + 4 * first, target + 4 * at, channels, share);
            }
          }
        });
        return dx;
      },
  );
}
