import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { Launcher } from '../launch/launcher.ts';
import { f32, u32 } from '../launch/shader.ts';
import { glidKernel, sizeOf } from './glid-kernel.ts';

/**
 * How an output pixel finds its source along an axis: 'half-pixel' `(o + 1/2) scale - 1/2` (from 0 on), 'plain' `o scale`
 * (align-corners is 'plain' with scale (in - 1) / (out - 1)).
 */
type Centres = 'half-pixel' | 'plain';

/**
 * The transposed bilinear interpolation as a gather: every input pixel visits the output pixels that could have read it.
 * `dy [B, h, w, C]` -> `[B, H, W, C]`.
 */
export function bilinearGradient(
  gpu: Launcher,
  dy: TensorInfo,
  [height, width]: readonly [number, number],
  alignCorners: boolean,
  centres: Centres,
): TensorInfo {
  const [batch, outHeight, outWidth, channels] = dy.shape as [number, number, number, number];
  const dx = gpu.output([batch, height, width, channels]);
  const size = sizeOf(dx.shape);
  if (size === 0) return dx;
  const scale = (from: number, to: number): number => {
    if (!alignCorners) return from / to;
    return to > 1 ? (from - 1) / (to - 1) : 0;
  };
  gpu.launch({
    key: `resizeBilinearGrad ${centres}`,
    inputs: { dy },
    outputs: { dx },
    params: {
      size: u32(size),
      height: u32(height),
      width: u32(width),
      channels: u32(channels),
      outHeight: u32(outHeight),
      outWidth: u32(outWidth),
      scaleY: f32(scale(height, outHeight)),
      scaleX: f32(scale(width, outWidth)),
    },
    workgroups: Math.ceil(size / 64),
    code: () => bilinearCode(centres),
  });
  return dx;
}

function bilinearCode(centres: Centres): string {
  return `
fn source(out: u32, scale: f32) -> f32 {
  return ${centres === 'half-pixel' ? 'max(0.0, (f32(out) + 0.5) * scale - 0.5)' : 'f32(out) * scale'};
}
/** Weight with which output pixel \`out\` reads input pixel \`at\`; both its taps are the last pixel beyond it. */
fn weight(out: u32, at: u32, length: u32, scale: f32) -> f32 {
  let place = source(out, scale);
  let low = min(u32(place), length - 1u);
  let fraction = place - f32(low);
  let high = min(low + 1u, length - 1u);
  return select(0.0, 1.0 - fraction, low == at) + select(0.0, fraction, high == at);
}
/** Output pixels that may read input pixel \`at\`: a range with room for rounding; all, where the scale says nothing. */
fn readers(at: u32, length: u32, outLength: u32, scale: f32) -> vec2<u32> {
  if (scale == 0.0) { return vec2(0u, outLength); }
  let first = select((f32(at) - 1.0) / scale - 2.0, 0.0, at == 0u);
  let last = select((f32(at) + 1.5) / scale + 2.0, f32(outLength), at == length - 1u);
  return vec2(u32(max(0.0, first)), min(outLength, u32(max(0.0, last)) + 1u));
}
fn kernel(group: u32, lane: u32) {
  let i = group * 64u + lane;
  if (i >= params.size) { return; }
  let c = i % params.channels;
  let x = (i / params.channels) % params.width;
  let y = (i / params.channels / params.width) % params.height;
  let picture = i / params.channels / params.width / params.height;
  let rows = readers(y, params.height, params.outHeight, params.scaleY);
  let columns = readers(x, params.width, params.outWidth, params.scaleX);
  var total = 0.0;
  for (var r = rows.x; r < rows.y; r++) {
    let wy = weight(r, y, params.height, params.scaleY);
    if (wy == 0.0) { continue; }
    var line = 0.0;
    for (var q = columns.x; q < columns.y; q++) {
      let wx = weight(q, x, params.width, params.scaleX);
      if (wx != 0.0) {
        line += wx * dy[((picture * params.outHeight + r) * params.outWidth + q) * params.channels + c];
      }
    }
    total += wy * line;
  }
  dx[i] = total;
}`;
}

export function registerResizeGradients(): void {
  glidKernel('GlidResizeBilinearGrad', (gpu, { dy }, { inputSize, alignCorners }) => [
    bilinearGradient(gpu, dy, inputSize, alignCorners, alignCorners ? 'plain' : 'half-pixel'),
  ]);

  // floor(o in / out) = at exactly for o in [ceil(at out / in), ceil((at + 1) out / in)).
  glidKernel('GlidResizeNearestGrad', (gpu, { dy }, { inputSize: [height, width] }) => {
    const [batch, outHeight, outWidth, channels] = dy.shape as [number, number, number, number];
    const dx = gpu.output([batch, height, width, channels]);
    const size = sizeOf(dx.shape);
    if (size === 0) return [dx];
    gpu.launch({
      key: 'resizeNearestGrad',
      inputs: { dy },
      outputs: { dx },
      params: {
        size: u32(size),
        height: u32(height),
        width: u32(width),
        channels: u32(channels),
        outHeight: u32(outHeight),
        outWidth: u32(outWidth),
      },
      workgroups: Math.ceil(size / 64),
      code: () => `
fn firstReader(at: u32, length: u32, outLength: u32) -> u32 { return (at * outLength + length - 1u) / length; }
fn kernel(group: u32, lane: u32) {
  let i = group * 64u + lane;
  if (i >= params.size) { return; }
  let c = i % params.channels;
  let x = (i / params.channels) % params.width;
  let y = (i / params.channels / params.width) % params.height;
  let picture = i / params.channels / params.width / params.height;
  let endY = firstReader(y + 1u, params.height, params.outHeight);
  let endX = firstReader(x + 1u, params.width, params.outWidth);
  var total = 0.0;
  for (var r = firstReader(y, params.height, params.outHeight); r < endY; r++) {
    for (var q = firstReader(x, params.width, params.outWidth); q < endX; q++) {
      total += dy[((picture * params.outHeight + r) * params.outWidth + q) * params.channels + c];
    }
  }
  dx[i] = total;
}`,
    });
    return [dx];
  });
}
