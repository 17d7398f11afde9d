import { GlidError, type HostArray, type ImageMeta } from '@glid/head-kit';
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
    (i) => !crowds!.data[i] && isSet(data, i * area, (i + 1) * area),
  );
  return {
    classes: Int32Array.from(kept, (i) => labels!.data[i]!),
    size: [height, width],
    sample: (t, points, out, at) => sampleMask(data, kept[t]! * area, height, width, points, out, at),
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
  const area = height * width;
  const masks = new Uint8Array(classes.length * area);
  const slot = new Int32Array(256).fill(-1);
  for (const [t, label] of classes.entries()) slot[label] = t;
  for (let p = 0; p < area; p++) {
    const t = slot[data[p]!]!;
    if (t >= 0) masks[t * area + p] = 1;
  }
  return {
    classes: Int32Array.from(classes),
    size: [height, width],
    sample: (t, points, out, at) => sampleMask(masks, t * area, height, width, points, out, at),
  };
}

function isSet(data: HostArray['data'], from: number, end: number): boolean {
  for (let i = from; i < end; i++) if (data[i] !== 0) return true;
  return false;
}

/** Bilinear, pixel centres at half integers, zero outside (PyTorch's grid_sample with align_corners false). */
function sampleMask(
  data: HostArray['data'],
  from: number,
  height: number,
  width: number,
  points: Float32Array,
  out: Float32Array,
  at: number,
): void {
  for (let p = 0; p < points.length; p += 2, at++) {
    const x = points[p]! * width - 0.5;
    const y = points[p + 1]! * height - 0.5;
    const column = Math.floor(x);
    const row = Math.floor(y);
    const right = x - column;
    const lower = y - row;
    const pixel = from + row * width + column;
    if (column >= 0 && column < width - 1 && row >= 0 && row < height - 1) {
      const upper = (1 - right) * data[pixel]! + right * data[pixel + 1]!;
      out[at] = (1 - lower) * upper + lower * ((1 - right) * data[pixel + width]! + right * data[pixel + width + 1]!);
      continue;
    }
    const hasLeft = column >= 0 && column < width;
    const hasRight = column >= -1 && column < width - 1;
    let sum = 0;
    if (row >= 0 && row < height) {
      if (hasLeft) sum += (1 - lower) * (1 - right) * data[pixel]!;
      if (hasRight) sum += (1 - lower) * right * data[pixel + 1]!;
    }
    if (row >= -1 && row < height - 1) {
      if (hasLeft) sum += lower * (1 - right) * data[pixel + width]!;
      if (hasRight) sum += lower * right * data[pixel + width + 1]!;
    }
    out[at] = sum;
  }
}
