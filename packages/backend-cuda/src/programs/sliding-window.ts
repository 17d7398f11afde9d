import type { backend_util } from '@tensorflow/tfjs-core';

/** What convolutions and pools share, as parameters of a kernel: sizes, strides, dilations, padding above and left. */
export const windowParameters =
  'int H, int W, int C, int outH, int outW, int filterH, int filterW, int strideH, int strideW, int dilationH, int dilationW, int top, int left';

type Info = Omit<backend_util.Conv2DInfo, 'filterShape' | 'batchSize'> & { readonly batchSize: number };

export function windowValues(info: Info): number[] {
  return [
    ...[info.inHeight, info.inWidth, info.inChannels, info.outHeight, info.outWidth],
    ...[info.filterHeight, info.filterWidth, info.strideHeight, info.strideWidth],
    ...[info.dilationHeight, info.dilationWidth, info.padInfo.top, info.padInfo.left],
  ];
}

/** C: output position and picture of index `i`, with `count` channels an output pixel: `channel`, `outX`, `outY`, `picture`. */
export const outputPosition = (count: string): string => `    int channel = i % (${count}), pixel = i / (${count});
    int outX = pixel % outW, outY = pixel / outW % outH, picture = pixel / outW / outH;`;

/** C: input position of index `i`: `channel`, `x`, `y`, `picture`. */
export const inputPosition = `    int channel = i % C, pixel = i / C;
    int x = pixel % W, y = pixel / W % H, picture = pixel / W / H;`;

/** C: loops over the input pixels (`y`, `x`) under the filter at (`outY`, `outX`). */
export const forEachTap = (body: string): string => `    for (int fy = 0; fy < filterH; fy++) {
      int y = outY * strideH - top + fy * dilationH;
      if (y < 0 || y >= H) continue;
      for (int fx = 0; fx < filterW; fx++) {
        int x = outX * strideW - left + fx * dilationW;
        if (x < 0 || x >= W) continue;
        ${body}
      }
    }`;

/** C: loops over the outputs (`outY`, `outX`) whose filter covers the input pixel (`y`, `x`), and its place in that filter. */
export const forEachCover = (body: string): string => `    for (int fy = 0; fy < filterH; fy++) {
      int down = y + top - fy * dilationH;
      if (down < 0 || down % strideH != 0) continue;
      int outY = down / strideH;
      if (outY >= outH) continue;
      for (int fx = 0; fx < filterW; fx++) {
        int across = x + left - fx * dilationW;
        if (across < 0 || across % strideW != 0) continue;
        int outX = across / strideW;
        if (outX >= outW) continue;
        ${body}
      }
    }`;
