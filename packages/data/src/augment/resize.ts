import type { Random } from '@glid/base';
import { type Filter, resizeGeometry, wholeRect } from '../geometry/geometry.ts';
import type { Size } from '../sample/sample.ts';
import type { Augmentation } from './augmentation.ts';

export interface ResizeShortSideOptions {
  /** The short side becomes one of these, each as likely. */
  readonly sizes: readonly number[];
  /** Longest the long side may become; the short side gives way. */
  readonly max?: number;
  /** How fractions of a pixel are cut: `floor` as DETR and torchvision, `round` as detectron2. Default `round`. */
  readonly rounding?: 'floor' | 'round';
  readonly filter?: Filter;
}

/** Scales the picture so that its short side has a given length. */
export function resizeShortSide(options: ResizeShortSideOptions): Augmentation {
  return {
    kind: 'geometric',
    name: 'resizeShortSide',
    plan(size, random) {
      const side = options.sizes[random.integer(options.sizes.length)]!;
      const to =
        options.rounding === 'floor'
          ? shortSideFloor(size, side, options.max)
          : shortSideRound(size, side, options.max);
      return resizeGeometry(wholeRect(size), to, options.filter);
    },
  };
}

/** DETR, datasets/transforms.py `resize`: the short side is cut to a whole number first, the long side is floored. */
export function shortSideFloor([height, width]: Size, side: number, max?: number): Size {
  const short = Math.min(height, width);
  const long = Math.max(height, width);
  const target = max !== undefined && (long / short) * side > max ? Math.round((max * short) / long) : side;
  if (short === target) return [height, width];
  const other = Math.max(1, Math.floor((target * long) / short));
  return width < height ? [other, target] : [target, other];
}

/** detectron2, `ResizeShortestEdge`: both sides by one factor, rounded. */
export function shortSideRound([height, width]: Size, side: number, max?: number): Size {
  let scale = side / Math.min(height, width);
  if (max !== undefined && Math.max(height, width) * scale > max) scale = max / Math.max(height, width);
  return [Math.max(1, Math.floor(height * scale + 0.5)), Math.max(1, Math.floor(width * scale + 0.5))];
}

/** Scales to exactly `size` `[height, width]` pixels; the aspect ratio is not kept. */
export function resizeTo(size: Size, filter?: Filter): Augmentation {
  return { kind: 'geometric', name: 'resizeTo', plan: (from) => resizeGeometry(wholeRect(from), size, filter) };
}

/** Scales the picture by one factor so that it just fits into `size` `[height, width]` pixels. */
export function resizeInside(size: Size, filter?: Filter): Augmentation {
  return {
    kind: 'geometric',
    name: 'resizeInside',
    plan(from) {
      const scale = Math.min(size[0] / from[0], size[1] / from[1]);
      const to: Size = [Math.max(1, Math.round(from[0] * scale)), Math.max(1, Math.round(from[1] * scale))];
      return resizeGeometry(wholeRect(from), to, filter);
    },
  };
}

export interface ScaleJitterOptions {
  /** The picture is first fitted into this size, then scaled by the drawn factor. */
  readonly size: Size;
  /** Factors are drawn evenly in this range. */
  readonly range: readonly [low: number, high: number];
  readonly filter?: Filter;
}

/** Large-scale jitter (Ghiasi et al. 2021): fit into `size`, times a random factor. */
export function scaleJitter({ size, range, filter }: ScaleJitterOptions): Augmentation {
  return {
    kind: 'geometric',
    name: 'scaleJitter',
    plan(from, random: Random) {
      const scale = Math.min(size[0] / from[0], size[1] / from[1]) * random.uniform(range[0], range[1]);
      const to: Size = [Math.max(1, Math.round(from[0] * scale)), Math.max(1, Math.round(from[1] * scale))];
      return resizeGeometry(wholeRect(from), to, filter);
    },
  };
}
