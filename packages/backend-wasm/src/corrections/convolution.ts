import { GlidError } from '@glid/base';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import {
  backend_util,
  Conv2DBackpropFilter,
  Conv2DBackpropInput,
  DepthwiseConv2dNativeBackpropFilter,
  DepthwiseConv2dNativeBackpropInput,
} from '@tensorflow/tfjs-core';
import type { WasmContext } from '../context.ts';
import { matrixProduct, product } from '../kernels/matrix-product.ts';
import { replaceKernel } from '../register.ts';
import type { DepthwiseArguments, FilterArguments } from '../simd/kernels.ts';

type Shape4 = [number, number, number, number];
type Geometry = backend_util.Conv2DInfo;

interface ConvAttributes {
  readonly strides: number | [number, number];
  readonly pad: Parameters<typeof backend_util.computeConv2DInfo>[4];
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
  readonly dataFormat?: 'NHWC' | 'NCHW';
  readonly dilations?: number | [number, number];
}

/** Floats that the unrolled patches of one chunk may take: 16 MiB. */
const chunkFloats = 2 ** 22;

function filterArguments(info: Geometry): FilterArguments {
  const { filterHeight, filterWidth, strideHeight, strideWidth, dilationHeight, dilationWidth, padInfo } = info;
  // biome-ignore format: as in FilterArguments
  return [filterHeight, filterWidth, strideHeight, strideWidth, dilationHeight, dilationWidth, padInfo.top, padInfo.left];
}

function geometry(input: readonly number[], filter: readonly number[], attrs: ConvAttributes): Geometry {
  if (attrs.dataFormat === 'NCHW') {
    throw new GlidError('GLID_USAGE', 'The wasm backend has no gradients of NCHW convolutions.', {
      fix: 'Use NHWC, the default.',
    });
  }
  const { strides, pad, dimRoundingMode } = attrs;
  return backend_util.computeConv2DInfo(input as Shape4, filter as Shape4, strides, 1, pad, dimRoundingMode);
}

/** True where a patch is one pixel: the picture is its own matrix of patches. */
function isPointwise(info: Geometry): boolean {
  return product([info.filterHeight, info.filterWidth, info.strideHeight, info.strideWidth]) === 1;
}

/** Calls `part` for runs of output rows whose patches fit one chunk. */
function forEachChunk(info: Geometry, depth: number, part: (batch: number, row: number, rows: number) => void): void {
  const atOnce = Math.max(1, Math.floor(chunkFloats / Math.max(1, info.outWidth * depth)));
  for (let b = 0; b < info.batchSize; b++) {
    for (let row = 0; row < info.outHeight; row += atOnce) part(b, row, Math.min(atOnce, info.outHeight - row));
  }
}

/** A tensor of this shape over memory that belongs to `owner`, from element `offset` on; never disposed. */
function viewOf(context: WasmContext, owner: TensorInfo, offset: number, shape: number[]): TensorInfo {
  return context.backend.makeOutput(shape, 'float32', context.pointer(owner) + 4 * offset);
}

/** Forgets a view without freeing what it looks at. */
function forget(context: WasmContext, view: TensorInfo): void {
  const data = context.backend.dataIdMap.get(view.dataId);
  context.backend.wasm.tfjs.disposeData(data.id);
  context.backend.dataIdMap.delete(view.dataId);
}

/** dW = patches^T dy, summed over pictures. */
function filterGradient(context: WasmContext, x: TensorInfo, dy: TensorInfo, filterShape: number[], info: Geometry) {
  const { inHeight, inWidth, inChannels, outHeight, outWidth, outChannels } = info;
  const depth = info.filterHeight * info.filterWidth * inChannels;
  const out = context.zeros(filterShape);
  if (product(x.shape) === 0 || product(dy.shape) === 0) return out;
  const add = (patches: TensorInfo, gradient: TensorInfo): void => {
    const part = matrixProduct(context, patches, gradient, true, false);
    context.simd.addScaled(context.pointer(part), context.pointer(out), product(filterShape), 1);
    context.dispose(part);
  };
  if (isPointwise(info)) {
    const positions = info.batchSize * inHeight * inWidth;
    add({ ...x, shape: [positions, inChannels] }, { ...dy, shape: [positions, outChannels] });
    return out;
  }
  forEachChunk(info, depth, (b, row, rows) => {
    const patches = context.output([rows * outWidth, depth]);
    context.simd.im2col(
      ...([context.pointer(x) + 4 * b * inHeight * inWidth * inChannels, context.pointer(patches)] as const),
      ...([inHeight, inWidth, inChannels, outWidth, row, rows, ...filterArguments(info)] as const),
    );
    const gradient = viewOf(context, dy, (b * outHeight + row) * outWidth * outChannels, [
      rows * outWidth,
      outChannels,
    ]);
    add(patches, gradient);
    forget(context, gradient);
    context.dispose(patches);
  });
  return out;
}

/** dx = the patches dy W^T, added where they came from. */
function inputGradient(context: WasmContext, dy: TensorInfo, filter: TensorInfo, inputShape: number[], info: Geometry) {
  const { inHeight, inWidth, inChannels, outHeight, outWidth, outChannels } = info;
  const depth = info.filterHeight * info.filterWidth * inChannels;
  const matrix = { ...filter, shape: [depth, outChannels] };
  if (isPointwise(info) && product(inputShape) > 0) {
    const out = matrixProduct(
      context,
      { ...dy, shape: [product(dy.shape) / outChannels, outChannels] },
      matrix,
      false,
      true,
    );
    return { ...out, shape: inputShape };
  }
  const out = context.zeros(inputShape);
  if (product(inputShape) === 0 || product(dy.shape) === 0) return out;
  forEachChunk(info, depth, (b, row, rows) => {
    const gradient = viewOf(context, dy, (b * outHeight + row) * outWidth * outChannels, [
      rows * outWidth,
      outChannels,
    ]);
    const patches = matrixProduct(context, gradient, matrix, false, true);
    forget(context, gradient);
    context.simd.col2im(
      ...([context.pointer(patches), context.pointer(out) + 4 * b * inHeight * inWidth * inChannels] as const),
      ...([inHeight, inWidth, inChannels, outWidth, row, rows, ...filterArguments(info)] as const),
    );
    context.dispose(patches);
  });
  return out;
}

function depthwiseGeometry(input: number[], filter: number[], attrs: ConvAttributes): Geometry {
  const { strides, dilations, pad, dimRoundingMode } = attrs;
  return backend_util.computeConv2DInfo(
    ...([input as Shape4, filter as Shape4, strides, dilations ?? 1, pad, dimRoundingMode, true] as const),
  );
}

function depthwiseArguments(info: Geometry): DepthwiseArguments {
  const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth } = info;
  return [batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, ...filterArguments(info)];
}

/** Visits every pair of an input and an output element that a filter element joins; for channel multipliers above 1. */
function forEachTap(info: Geometry, tap: (input: number, output: number, filter: number) => void): void {
  const [, height, width, channels, outH, outW] = depthwiseArguments(info);
  const multiplier = info.outChannels / channels;
  for (let at = 0; at < info.batchSize * outH * outW; at++) {
    const b = Math.floor(at / (outH * outW));
    const top = (Math.floor(at / outW) % outH) * info.strideHeight - info.padInfo.top;
    const left = (at % outW) * info.strideWidth - info.padInfo.left;
    for (let f = 0; f < info.filterHeight * info.filterWidth; f++) {
      const y = top + Math.floor(f / info.filterWidth) * info.dilationHeight;
      const x = left + (f % info.filterWidth) * info.dilationWidth;
      if (y < 0 || x < 0 || y >= height || x >= width) continue;
      const pixel = ((b * height + y) * width + x) * channels;
      for (let q = 0; q < info.outChannels; q++) {
        tap(pixel + Math.floor(q / multiplier), at * info.outChannels + q, f * info.outChannels + q);
      }
    }
  }
}

/** Stock has none of these but Conv2DBackpropInput, which is slow: convolutions cannot be trained on it. */
export function registerConvolutionGradients(): void {
  replaceKernel<{ x: TensorInfo; dy: TensorInfo }, ConvAttributes & { filterShape: number[] }>(
    Conv2DBackpropFilter,
    () =>
      (context, { x, dy }, attrs) =>
        filterGradient(context, x, dy, attrs.filterShape, geometry(x.shape, attrs.filterShape, attrs)),
  );
  replaceKernel<{ dy: TensorInfo; filter: TensorInfo }, ConvAttributes & { inputShape: number[] }>(
    Conv2DBackpropInput,
    () =>
      (context, { dy, filter }, attrs) =>
        inputGradient(context, dy, filter, attrs.inputShape, geometry(attrs.inputShape, filter.shape, attrs)),
  );
  replaceKernel<{ x: TensorInfo; dy: TensorInfo }, ConvAttributes & { filterShape: number[] }>(
    DepthwiseConv2dNativeBackpropFilter,
    () =>
      (context, { x, dy }, attrs) => {
        const info = depthwiseGeometry(x.shape, attrs.filterShape, attrs);
        const out = context.zeros(attrs.filterShape);
        if (info.outChannels === info.inChannels) {
          const scratch = context.scratch(4 * info.filterWidth * info.inChannels);
          context.simd.depthwiseFilterGrad(
            ...([context.pointer(x), context.pointer(dy), context.pointer(out)] as const),
            ...([...depthwiseArguments(info), scratch] as const),
          );
          return out;
        }
        const [vx, vdy, vw] = [context.floats(x), context.floats(dy), context.floats(out)];
        forEachTap(info, (i, o, f) => {
          vw[f]! += vx[i]! * vdy[o]!;
        });
        return out;
      },
  );
  replaceKernel<{ dy: TensorInfo; filter: TensorInfo }, ConvAttributes & { inputShape: number[] }>(
    DepthwiseConv2dNativeBackpropInput,
    () =>
      (context, { dy, filter }, attrs) => {
        const info = depthwiseGeometry(attrs.inputShape, filter.shape, attrs);
        const out = context.zeros(attrs.inputShape);
        if (info.outChannels === info.inChannels) {
          context.simd.depthwiseInputGrad(
            ...([context.pointer(dy), context.pointer(filter), context.pointer(out)] as const),
            ...depthwiseArguments(info),
          );
          return out;
        }
        const [vdy, vw, vx] = [context.floats(dy), context.floats(filter), context.floats(out)];
        forEachTap(info, (i, o, f) => {
          vx[i]! += vw[f]! * vdy[o]!;
        });
        return out;
      },
  );
}
