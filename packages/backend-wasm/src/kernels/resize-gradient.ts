import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { WasmContext } from '../context.ts';
import { glidKernel } from './glid-kernel.ts';

/** The two source pixels of each output pixel along one axis and the weight of the second. */
interface Taps {
  readonly low: Int32Array;
  readonly high: Int32Array;
  readonly weight: Float64Array;
}

/** Corners keep their places (`alignCorners`), else pixel centres lie at half integers (`halfPixel`) or at integers. */
export function bilinearTaps(from: number, to: number, alignCorners: boolean, halfPixel: boolean): Taps {
  const scale = alignCorners && to > 1 ? (from - 1) / (to - 1) : from / to;
  const taps = { low: new Int32Array(to), high: new Int32Array(to), weight: new Float64Array(to) };
  for (let out = 0; out < to; out++) {
    const at = halfPixel && !alignCorners ? Math.max(0, (out + 0.5) * scale - 0.5) : out * scale;
    const low = Math.min(Math.floor(at), from - 1);
    taps.low[out] = low;
    taps.high[out] = Math.min(low + 1, from - 1);
    taps.weight[out] = at - low;
  }
  return taps;
}

/** The transposed interpolation: every output pixel gives its gradient to its four sources. */
export function bilinearGradient(
  context: WasmContext,
  dy: TensorInfo,
  [height, width]: readonly [number, number],
  rows: Taps,
  columns: Taps,
): TensorInfo {
  const [batch, outH, outW, channels] = dy.shape as [number, number, number, number];
  const dx = context.zeros([batch, height, width, channels]);
  const { simd } = context;
  const target = context.pointer(dx);
  let source = context.pointer(dy);
  for (let b = 0; b < batch; b++) {
    for (let y = 0; y < outH; y++) {
      const wy = rows.weight[y]!;
      const low = target + 4 * (b * height + rows.low[y]!) * width * channels;
      const high = target + 4 * (b * height + rows.high[y]!) * width * channels;
      for (let x = 0; x < outW; x++) {
        const wx = columns.weight[x]!;
        const left = 4 * columns.low[x]! * channels;
        const right = 4 * columns.high[x]! * channels;
        simd.addScaled(source, low + left, channels, (1 - wy) * (1 - wx));
        if (wx > 0) simd.addScaled(source, low + right, channels, (1 - wy) * wx);
        if (wy > 0) simd.addScaled(source, high + left, channels, wy * (1 - wx));
        if (wx > 0 && wy > 0) simd.addScaled(source, high + right, channels, wy * wx);
        source += 4 * channels;
      }
    }
  }
  return dx;
}

export function registerResizeGradients(): void {
  glidKernel('GlidResizeBilinearGrad', (context, { dy }, { inputSize, alignCorners }) => {
    const rows = bilinearTaps(inputSize[0], dy.shape[1]!, alignCorners, true);
    const columns = bilinearTaps(inputSize[1], dy.shape[2]!, alignCorners, true);
    return [bilinearGradient(context, dy, inputSize, rows, columns)];
  });

  glidKernel('GlidResizeNearestGrad', (context, { dy }, { inputSize: [height, width] }) => {
    const [batch, outH, outW, channels] = dy.shape as [number, number, number, number];
    const dx = context.zeros([batch, height, width, channels]);
    const target = context.pointer(dx);
    let source = context.pointer(dy);
    for (let b = 0; b < batch; b++) {
      for (let y = 0; y < outH; y++) {
        const row = (b * height + Math.min(Math.floor((y * height) / outH), height - 1)) * width;
        for (let x = 0; x < outW; x++) {
          const at = row + Math.min(Math.floor((x * width) / outW), width - 1);
          context.simd.addScaled(source, target + 4 * at * channels, channels, 1);
          source += 4 * channels;
        }
      }
    }
    return [dx];
  });
}
