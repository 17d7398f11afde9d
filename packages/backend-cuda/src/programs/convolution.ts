import type { backend_util, TensorInfo } from '@tensorflow/tfjs-core';
import type { CudaBackend } from '../backend.ts';
import { pointwise } from '../runtime/program.ts';
import { sizeOf } from '../shape.ts';
import { forEachCover, inputPosition, windowParameters, windowValues } from './sliding-window.ts';

type Info = backend_util.Conv2DInfo;

/** Bytes that the patches of one product may take; larger batches go in several. */
const patchLimit = 256 * 2 ** 20;

/** Filters of one pixel without stride: the pixels are the patches. */
function isPointwise(info: Info): boolean {
  const { filterHeight, filterWidth, strideHeight, strideWidth, padInfo } = info;
  const { top, bottom, left, right } = padInfo;
  return (
    [filterHeight, filterWidth, strideHeight, strideWidth].every((n) => n === 1) && top + bottom + left + right === 0
  );
}

const gather = pointwise(
  'patches',
  `const float* xs, float* patches, ${windowParameters}`,
  `    int channel = i % C, rest = i / C;
    int fx = rest % filterW, fy = rest / filterW % filterH, pixel = rest / filterW / filterH;
    int outX = pixel % outW, outY = pixel / outW % outH, picture = pixel / outW / outH;
    int y = outY * strideH - top + fy * dilationH, x = outX * strideW - left + fx * dilationW;
    bool inside = y >= 0 && y < H && x >= 0 && x < W;
    patches[i] = inside ? xs[((size_t)(picture * H + y) * W + x) * C + channel] : 0.0f;`,
);

const scatter = pointwise(
  'patches to pixels',
  `const float* patches, float* xs, ${windowParameters}`,
  `${inputPosition}
    float total = 0.0f;
${forEachCover('total += patches[((((size_t)(picture * outH + outY) * outW + outX) * filterH + fy) * filterW + fx) * C + channel];')}
    xs[i] = total;`,
);

interface Sizes {
  /** Output pixels of a picture, elements of a patch, output channels. */
  readonly pixels: number;
  readonly patch: number;
  readonly channels: number;
}

/** Calls `each` with as many pictures at a time as their patches may take, and the patches' address (0 for pointwise filters). */
function inParts(
  backend: CudaBackend,
  info: Info,
  each: (first: number, count: number, sizes: Sizes, patches: TensorInfo | undefined) => void,
): void {
  const { outHeight, outWidth, filterHeight, filterWidth, inChannels, outChannels, batchSize } = info;
  const sizes = { pixels: outHeight * outWidth, patch: filterHeight * filterWidth * inChannels, channels: outChannels };
  if (isPointwise(info)) {
    each(0, batchSize, sizes, undefined);
    return;
  }
  const together = Math.max(1, Math.floor(patchLimit / (4 * sizes.pixels * sizes.patch)));
  for (let first = 0; first < batchSize; first += together) {
    const count = Math.min(together, batchSize - first);
    const patches = backend.output([count * sizes.pixels, sizes.patch]);
    each(first, count, sizes, patches);
    backend.release(patches);
  }
}

/** Writes the patches of the pictures at `x`; the address of the matrix `[pixels, patch]`. */
function gatherPatches(backend: CudaBackend, info: Info, x: number, patches: TensorInfo | undefined): number {
  if (patches === undefined) return x;
  const to = backend.pointer(patches);
  backend.run(gather, sizeOf(patches.shape), [x, to, ...windowValues(info)]);
  return to;
}

const pictureBytes = (info: Info): number => 4 * info.inHeight * info.inWidth * info.inChannels;

/** `x [B, H, W, C]`, `filter [h, w, C, D]` -> `y [B, outH, outW, D]`, as matrix products of patches. All sizes positive. */
export function convolve(backend: CudaBackend, info: Info, x: TensorInfo, filter: TensorInfo, y: TensorInfo): void {
  inParts(backend, info, (first, count, { pixels, patch, channels }, patches) => {
    const from = backend.pointer(x) + first * pictureBytes(info);
    const matrix = gatherPatches(backend, info, from, patches);
    const to = backend.pointer(y) + 4 * first * pixels * channels;
    backend.products.multiply({ m: count * pixels, n: channels, k: patch }, matrix, backend.pointer(filter), to);
  });
}

/** The gradient of the filter. */
export function convolveFilterGradient(
  backend: CudaBackend,
  info: Info,
  x: TensorInfo,
  dy: TensorInfo,
  dfilter: TensorInfo,
): void {
  inParts(backend, info, (first, count, { pixels, patch, channels }, patches) => {
    const from = backend.pointer(x) + first * pictureBytes(info);
    const matrix = gatherPatches(backend, info, from, patches);
    const gradient = backend.pointer(dy) + 4 * first * pixels * channels;
    const shape = { m: patch, n: channels, k: count * pixels, transposeA: true, accumulate: first > 0 };
    backend.products.multiply(shape, matrix, gradient, backend.pointer(dfilter));
  });
}

/** The gradient of the input. */
export function convolveInputGradient(
  backend: CudaBackend,
  info: Info,
  dy: TensorInfo,
  filter: TensorInfo,
  dx: TensorInfo,
): void {
  inParts(backend, info, (first, count, { pixels, patch, channels }, patches) => {
    const gradient = backend.pointer(dy) + 4 * first * pixels * channels;
    const to = backend.pointer(dx) + first * pictureBytes(info);
    const matrix = patches === undefined ? to : backend.pointer(patches);
    const shape = { m: count * pixels, n: patch, k: channels, transposeB: true };
    backend.products.multiply(shape, gradient, backend.pointer(filter), matrix);
    if (patches !== undefined)
      backend.run(scatter, (count * pictureBytes(info)) / 4, [matrix, to, ...windowValues(info)]);
  });
}
