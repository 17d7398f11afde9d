import type { RgbImage } from '@glid/base';
import { colorIndex, colorMap, drawCanvas, type Shape2D } from '@glid/head-kit';
import { toRgba } from './picture-shelf.ts';

/** About how many pixels the longer side of what is drawn has: lines and letters stay sharp on small pictures, large ones stay quick. */
const shownSide = 1024;

interface Sheet {
  readonly context: OffscreenCanvasRenderingContext2D;
  readonly scale: number;
}

function sheetOf(image: RgbImage): Sheet {
  const ratio = shownSide / Math.max(image.width, image.height);
  const scale = ratio < 1 ? ratio : Math.min(8, Math.round(ratio));
  const small = new OffscreenCanvas(image.width, image.height);
  small.getContext('2d')!.putImageData(toRgba(image), 0, 0);
  const canvas = new OffscreenCanvas(Math.round(image.width * scale), Math.round(image.height * scale));
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  context.imageSmoothingQuality = 'high';
  context.drawImage(small, 0, 0, canvas.width, canvas.height);
  return { context, scale };
}

/** A picture with shapes over it. */
export function drawShapes(image: RgbImage, shapes: readonly Shape2D[]): ImageBitmap {
  const { context, scale } = sheetOf(image);
  drawCanvas(context, shapes, { scale, lineWidth: 4, maskOpacity: 0.55, heatmapOpacity: 0.75 });
  return context.canvas.transferToImageBitmap();
}

/**
 * Weights of a grid over the picture: bright where they are large, relative to the largest.
 *
 * @param weights `[rows, columns]`
 * @param shown the part of the grid, from its left upper corner, that lies on the picture; the rest is padding
 */
export function drawWeights(
  image: RgbImage,
  weights: Float32Array,
  [rows, columns]: readonly [rows: number, columns: number],
  shown: readonly [rows: number, columns: number],
): ImageBitmap {
  const { context } = sheetOf(image);
  const most = weights.reduce((a, b) => Math.max(a, b), 0);
  const colors = colorMap();
  const cells = new ImageData(columns, rows);
  for (const [i, weight] of weights.entries()) {
    const k = 3 * colorIndex(weight, 0, most);
    cells.data.set([colors[k]!, colors[k + 1]!, colors[k + 2]!, 205], 4 * i);
  }
  const grid = new OffscreenCanvas(columns, rows);
  grid.getContext('2d')!.putImageData(cells, 0, 0);
  context.drawImage(grid, 0, 0, shown[1], shown[0], 0, 0, context.canvas.width, context.canvas.height);
  return context.canvas.transferToImageBitmap();
}
