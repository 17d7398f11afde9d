import { GlidError, type ImageMeta } from '@glid/head-kit';
import type { SegmentationConfig } from './config.ts';
import type { SegmentationTarget } from './targets.ts';

/** The masks that one picture's queries are matched with, kept on the host: only points of them are ever looked at. */
export interface WantedMasks {
  /** `[T]` */
  readonly classes: Int32Array;
  /** Size of the masks, with padding. */
  readonly size: readonly [height: number, width: number];
  /** Writes mask `t`'s bilinear values at the points (x, y in 0..1 of `size`, zero outside) to `out`, from `at` on. */
  sample(t: number, points: Float32Array, out: Float32Array, at: number): void;
}

/** Semantic: one mask a class that is in the picture. Otherwise one a segment; crowds and what has vanished are left out. */
export function wantedMasks(config: SegmentationConfig, target: SegmentationTarget, meta: ImageMeta): WantedMasks {
  if (config.mode === 'semantic') return wantedClasses(config, target, meta);
  const { masks, labels, crowds } = target;
  const [count, height, width] = masks!.shape as [number, number, number];
  const area = height * width;
  const data = masks!.data;
  const kept = Array.from({ length: count }, (_, i) => i).filter(
    (i) => !crowds!.data[i] && data.subarray(i * area, (i + 1) * area).some((value) => value !== 0),
  );
  return {
    classes: Int32Array.from(kept, (i) => labels!.data[i]!),
    size: [height, width],
    sample: (t, points, out, at) => {
      const from = kept[t]! * area;
      samplePoints(height, width, points, out, at, (cell) => data[from + cell]!);
    },
  };
}

function wantedClasses({ labels }: SegmentationConfig, target: SegmentationTarget, meta: ImageMeta): WantedMasks {
  const [height, width] = target.semantic!.shape as [number, number];
  const { data } = target.semantic!;
  const present = new Set(data);
  const classes = labels.map((_, i) => i).filter((i) => present.has(i));
  for (const value of present) {
    if (value >= labels.length && value !== 255) {
      throw new GlidError('GLID_DATA', `The class map of picture '${meta.id ?? ''}' has the value ${value}.`, {
        fix: `Values are 0..${labels.length - 1}, or 255 for pixels to ignore.`,
        details: { id: meta.id, field: 'semantic', got: value },
      });
    }
  }
  return {
    classes: Int32Array.from(classes),
    size: [height, width],
    sample: (t, points, out, at) => {
      const wanted = classes[t]!;
      samplePoints(height, width, points, out, at, (cell) => (data[cell] === wanted ? 1 : 0));
    },
  };
}

/** Bilinear, pixel centres at half integers, zero outside (PyTorch's grid_sample with align_corners false). */
function samplePoints(
  height: number,
  width: number,
  points: Float32Array,
  out: Float32Array,
  at: number,
  value: (cell: number) => number,
): void {
  for (let p = 0; p < points.length; p += 2, at++) {
    const x = points[p]! * width - 0.5;
    const y = points[p + 1]! * height - 0.5;
    const x0 = Math.floor(x);
    const y0 = Math.floor(y);
    const fx = x - x0;
    const fy = y - y0;
    let sum = 0;
    for (let dy = 0; dy <= 1; dy++) {
      const row = y0 + dy;
      if (row < 0 || row >= height) continue;
      const weight = dy === 0 ? 1 - fy : fy;
      if (x0 >= 0 && x0 < width) sum += weight * (1 - fx) * value(row * width + x0);
      if (x0 + 1 >= 0 && x0 + 1 < width) sum += weight * fx * value(row * width + x0 + 1);
    }
    out[at] = sum;
  }
}
