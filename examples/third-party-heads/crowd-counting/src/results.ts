import type { ImageMeta, Shape2D } from '@glid/head-kit';
import { resizeBilinear } from '@glid/ops';
import {
  expandDims,
  mul,
  pad,
  reshape,
  reverse,
  slice,
  sum,
  type Tensor2D,
  type Tensor4D,
  tidy,
} from '@tensorflow/tfjs-core';
import { shownCells } from './targets.ts';

/** How many things there are, and where. */
export interface CrowdResult {
  readonly count: number;
  readonly counts: readonly { readonly label: string; readonly count: number }[];
  /** Things a pixel of the original, all labels together, row-major `[height, width]`; its sum is `count`. */
  readonly density: Float32Array;
  readonly size: readonly [height: number, width: number];
}

/** Sums of `density [B, K, h, w]` over the cells that show each picture, and its map in original pixels. */
export async function readCrowd(
  density: Tensor4D,
  metas: readonly ImageMeta[],
  labels: readonly string[],
): Promise<CrowdResult[]> {
  return Promise.all(
    metas.map(async (meta, b) => {
      const [sums, map] = tidy(() => {
        const [rows, columns] = shownCells(meta);
        const shown = slice(density, [b, 0, 0, 0], [1, -1, rows, columns]);
        return [
          reshape(sum(shown, [2, 3]), [-1]),
          inOriginal(reshape(sum(shown, 1), [rows, columns]) as Tensor2D, meta),
        ];
      });
      const [perLabel, pixels] = (await Promise.all([sums.data(), map.data()])) as [Float32Array, Float32Array];
      sums.dispose();
      map.dispose();
      const count = perLabel.reduce((all, one) => all + one, 0);
      // Interpolation does not keep sums: the map says where, the cells say how many.
      const total = pixels.reduce((all, one) => all + one, 0);
      return {
        count,
        counts: labels.map((label, k) => ({ label, count: perLabel[k]! })),
        density: total > 0 ? pixels.map((value) => (value * count) / total) : pixels,
        size: meta.originalSize,
      };
    }),
  );
}

/** Undoes what `ImageMeta` says was done to the picture. */
function inOriginal(map: Tensor2D, meta: ImageMeta): Tensor2D {
  const [height, width] = meta.originalSize;
  const part = meta.crop ?? { x: 0, y: 0, width, height };
  const [top, left, rows, columns] = [part.y, part.x, part.height, part.width].map(Math.round) as [
    number,
    number,
    number,
    number,
  ];
  const large = reshape(resizeBilinear(expandDims(expandDims(map, 0), 3) as Tensor4D, [rows, columns]), [
    rows,
    columns,
  ]);
  const straight = meta.flippedHorizontally ? reverse(large, 1) : large;
  const share = (map.shape[0] * map.shape[1]) / (rows * columns);
  return pad(mul(straight, share) as Tensor2D, [
    [top, height - top - rows],
    [left, width - left - columns],
  ]);
}

/** A heat map; its brightest place is the densest, however many things there are. */
export function drawCrowd({ density, size }: CrowdResult): Shape2D[] {
  const most = density.reduce((top, value) => Math.max(top, value), 0);
  return most > 0 ? [{ kind: 'heatmap', data: density.map((value) => value / most), size, range: [0, 1] }] : [];
}
