import type { backend_util } from '@tensorflow/tfjs-core';

const axes = ['D', 'H', 'W'] as const;
const each = (text: (axis: string) => string): string => axes.map(text).join(', ');

/** `programs/sliding-window.ts` with a third axis: what convolutions and pools of volumes share. */
export const volumeParameters: string = [
  'int D, int H, int W, int C, int outD, int outH, int outW',
  each((axis) => `int filter${axis}`),
  each((axis) => `int stride${axis}`),
  each((axis) => `int dilation${axis}`),
  'int front, int top, int left',
].join(', ');

export function volumeValues(info: backend_util.Conv3DInfo): number[] {
  const { padInfo } = info;
  return [
    ...[info.inDepth, info.inHeight, info.inWidth, info.inChannels, info.outDepth, info.outHeight, info.outWidth],
    ...[info.filterDepth, info.filterHeight, info.filterWidth],
    ...[info.strideDepth, info.strideHeight, info.strideWidth],
    ...[info.dilationDepth, info.dilationHeight, info.dilationWidth, padInfo.front, padInfo.top, padInfo.left],
  ];
}

/** C: output position of index `i`, with `count` channels: `channel`, `outX`, `outY`, `outZ`, `volume`. */
export const outputVoxel = (count: string): string => `    int channel = i % (${count}), voxel = i / (${count});
    int outX = voxel % outW, outY = voxel / outW % outH, outZ = voxel / outW / outH % outD;
    int volume = voxel / outW / outH / outD;`;

/** C: input position of index `i`: `channel`, `x`, `y`, `z`, `volume`. */
export const inputVoxel = `    int channel = i % C, voxel = i / C;
    int x = voxel % W, y = voxel / W % H, z = voxel / W / H % D, volume = voxel / W / H / D;`;

/** C: the index of an input's or an output's element. */
export const inputAt = (channel: string, count = 'C'): string =>
  `((((size_t)volume * D + z) * H + y) * W + x) * (${count}) + ${channel}`;
export const outputAt = (channel: string, count = 'C'): string =>
  `((((size_t)volume * outD + outZ) * outH + outY) * outW + outX) * (${count}) + ${channel}`;

const tapsOf = (at: string, axis: string, padding: string, out: string, body: string): string =>
  `for (int f${at} = 0; f${at} < filter${axis}; f${at}++) {
      int ${at} = ${out} * stride${axis} - ${padding} + f${at} * dilation${axis};
      if (${at} < 0 || ${at} >= ${axis}) continue;
      ${body}
    }`;

/** C: loops over the input voxels (`z`, `y`, `x`) under the filter at (`outZ`, `outY`, `outX`). */
export const forEachVoxelTap = (body: string): string =>
  `    ${tapsOf('z', 'D', 'front', 'outZ', tapsOf('y', 'H', 'top', 'outY', tapsOf('x', 'W', 'left', 'outX', body)))}`;

const coversOf = (at: string, axis: string, padding: string, out: string, body: string): string =>
  `for (int f${at} = 0; f${at} < filter${axis}; f${at}++) {
      int reach${axis} = ${at} + ${padding} - f${at} * dilation${axis};
      if (reach${axis} < 0 || reach${axis} % stride${axis} != 0) continue;
      int ${out} = reach${axis} / stride${axis};
      if (${out} >= out${axis}) continue;
      ${body}
    }`;

/** C: loops over the outputs whose filter covers the input voxel, and its place (`fz`, `fy`, `fx`) in that filter. */
export const forEachVoxelCover = (body: string): string =>
  `    ${coversOf('z', 'D', 'front', 'outZ', coversOf('y', 'H', 'top', 'outY', coversOf('x', 'W', 'left', 'outX', body)))}`;
