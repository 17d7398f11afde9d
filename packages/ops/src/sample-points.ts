import type { Tensor, Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import {
  add,
  addN,
  cast,
  clipByValue,
  concat,
  floor,
  gather,
  greaterEqual,
  lessEqual,
  logicalAnd,
  mul,
  range,
  reshape,
  scalar,
  split,
  sub,
  unsortedSegmentSum,
} from '@tensorflow/tfjs-core';
import { differentiable } from './gradient.ts';
import { runGlidKernel } from './kernel.ts';
import { requireShape } from './shape.ts';

/**
 * Bilinear samples of maps at points: `maps [N, H, W]`, `points [N, P, 2]` as (x, y) in [0, 1] of the map -> `[N, P]`. Pixel centres lie at
 * half integers, zero outside (torch's `grid_sample`, align_corners false, zero padding; PointRend, Kirillov et al. 2020). The points are
 * constants. Kernels: `GlidSamplePoints`, `GlidSamplePointsGrad`. Throws `GLID_SHAPE`.
 */
export function samplePoints(maps: Tensor3D, points: Tensor3D): Tensor2D {
  const [count, height, width] = maps.shape;
  requireShape(
    maps.rank === 3 && points.rank === 3 && points.shape[0] === count && points.shape[2] === 2 && height * width > 0,
    'samplePoints',
    'maps [N, H, W] with H, W > 0, points [N, P, 2]',
    { maps, points },
  );
  const mapSize = [height, width] as const;
  const samples = points.shape[1];
  return differentiable<Tensor2D>(
    [maps],
    (save) => {
      save([points]);
      const fused = runGlidKernel('GlidSamplePoints', { maps, points }, {});
      if (fused) return fused[0] as Tensor2D;
      const flat = reshape(maps, [count * height * width]);
      const taps = corners(points, height, width);
      return reshape(addN(taps.map(({ index, weight }) => mul(gather(flat, index), weight))), [count, samples]);
    },
    (dy, saved) => {
      const points = saved[0] as Tensor3D;
      const fused = runGlidKernel('GlidSamplePointsGrad', { dy, points }, { mapSize });
      if (fused) return fused;
      const d = reshape(dy, [count * samples]);
      const taps = corners(points, height, width);
      const weighted = concat(taps.map(({ weight }) => mul(d, weight)));
      const index = concat(taps.map((tap) => tap.index)) as Tensor1D;
      const summed = unsortedSegmentSum(weighted, index, count * height * width);
      return [reshape(summed, [count, height, width])];
    },
  );
}

interface Corner {
  /** `[N * P]` int32, into the flattened maps; clamped to the map where the weight is 0. */
  readonly index: Tensor1D;
  /** `[N * P]`, 0 outside the map. */
  readonly weight: Tensor1D;
}

function corners(points: Tensor3D, height: number, width: number): Corner[] {
  const [count, samples] = points.shape;
  const [x, y] = split(points, 2, 2).map((t) => reshape(t, [count, samples])) as [Tensor, Tensor];
  const across = axisTaps(x, width);
  const down = axisTaps(y, height);
  // int32 throughout: float32 cannot count the pixels of many large maps.
  const start = reshape(range(0, count * height * width, height * width, 'int32'), [count, 1]);
  const stride = scalar(width, 'int32');
  return down.flatMap(({ at: row, weight: rowWeight }) =>
    across.map(({ at: column, weight: columnWeight }) => ({
      index: reshape(add(add(mul(row, stride), column), start), [count * samples]) as Tensor1D,
      weight: reshape(mul(rowWeight, columnWeight), [count * samples]) as Tensor1D,
    })),
  );
}

/** The two pixels around a coordinate along one axis (int32), and their weights; 0 for a pixel outside. */
function axisTaps(coordinate: Tensor, length: number): { at: Tensor; weight: Tensor }[] {
  const at = sub(mul(coordinate, length), 0.5);
  const low = floor(at);
  const fraction = sub(at, low);
  return [
    { pixel: low, share: sub(1, fraction) },
    { pixel: add(low, 1), share: fraction },
  ].map(({ pixel, share }) => {
    // allow-op logicalAnd: not recorded; allow-op lessEqual: not recorded
    const inside = cast(logicalAnd(greaterEqual(pixel, 0), lessEqual(pixel, length - 1)), 'float32');
    return { at: cast(clipByValue(pixel, 0, length - 1), 'int32'), weight: mul(share, inside) };
  });
}
