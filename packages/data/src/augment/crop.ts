import { cropGeometry, type Fill, type Filter, padGeometry, resizeGeometry } from '../geometry/geometry.ts';
import type { Size } from '../sample/sample.ts';
import type { Augmentation } from './augmentation.ts';

/** A random window of `size` `[height, width]` pixels, or the whole side where the picture is smaller. */
export function randomCrop(size: Size): Augmentation {
  return {
    kind: 'geometric',
    name: 'randomCrop',
    plan([height, width], random) {
      const h = Math.min(size[0], height);
      const w = Math.min(size[1], width);
      return cropGeometry({ y: random.integer(height - h + 1), x: random.integer(width - w + 1), height: h, width: w });
    },
  };
}

/** A random window whose sides are drawn in `min..max` (cut at the picture), as DETR's RandomSizeCrop. */
export function randomSizeCrop(min: number, max: number): Augmentation {
  return {
    kind: 'geometric',
    name: 'randomSizeCrop',
    plan([height, width], random) {
      const side = (length: number): number => {
        const low = Math.min(min, length);
        return low + random.integer(Math.min(max, length) - low + 1);
      };
      const w = side(width);
      const h = side(height);
      return cropGeometry({ y: random.integer(height - h + 1), x: random.integer(width - w + 1), height: h, width: w });
    },
  };
}

/** The middle of the picture: `size` is `[height, width]` in pixels, cut to the picture where that is smaller. */
export function centerCrop(size: Size): Augmentation {
  return {
    kind: 'geometric',
    name: 'centerCrop',
    plan([height, width]) {
      const h = Math.min(size[0], height);
      const w = Math.min(size[1], width);
      return cropGeometry({ y: Math.floor((height - h) / 2), x: Math.floor((width - w) / 2), height: h, width: w });
    },
  };
}

/** The largest central part with the aspect ratio of `size` `[height, width]`, scaled to it. */
export function resizeCenter(size: Size, filter: Filter = 'bicubic'): Augmentation {
  return {
    kind: 'geometric',
    name: 'resizeCenter',
    plan([height, width]) {
      const scale = Math.min(height / size[0], width / size[1]);
      const h = Math.min(height, Math.max(1, Math.round(size[0] * scale)));
      const w = Math.min(width, Math.max(1, Math.round(size[1] * scale)));
      const rect = { x: Math.floor((width - w) / 2), y: Math.floor((height - h) / 2), width: w, height: h };
      return resizeGeometry(rect, size, filter);
    },
  };
}

/** Cuts a fixed border given for pictures of size `of`, and in proportion for others (whole pixels). */
export function cropBorder(
  border: { readonly top: number; readonly bottom: number; readonly left: number; readonly right: number },
  of: Size,
): Augmentation {
  return {
    kind: 'geometric',
    name: 'cropBorder',
    plan([height, width]) {
      const rows = height / of[0];
      const columns = width / of[1];
      const y = Math.round(border.top * rows);
      const x = Math.round(border.left * columns);
      const bottom = Math.round(border.bottom * rows);
      const right = Math.round(border.right * columns);
      return cropGeometry({ x, y, width: width - x - right, height: height - y - bottom });
    },
  };
}

export interface RandomResizedCropOptions {
  readonly size: Size;
  /** Share of the picture's area. Default [0.2, 1]. */
  readonly scale?: readonly [low: number, high: number];
  /** Width over height, drawn evenly in its logarithm. Default [3/4, 4/3]. */
  readonly ratio?: readonly [low: number, high: number];
  /** Default bicubic. */
  readonly filter?: Filter;
}

/** Inception crop (Szegedy et al. 2015) as torchvision does it: ten tries, then a central crop at the nearest ratio. */
export function randomResizedCrop(options: RandomResizedCropOptions): Augmentation {
  const scale = options.scale ?? [0.2, 1];
  const ratio = options.ratio ?? [3 / 4, 4 / 3];
  const filter = options.filter ?? 'bicubic';
  return {
    kind: 'geometric',
    name: 'randomResizedCrop',
    plan([height, width], random) {
      for (let attempt = 0; attempt < 10; attempt++) {
        const area = height * width * random.uniform(scale[0], scale[1]);
        const aspect = Math.exp(random.uniform(Math.log(ratio[0]), Math.log(ratio[1])));
        const w = Math.round(Math.sqrt(area * aspect));
        const h = Math.round(Math.sqrt(area / aspect));
        if (w < 1 || h < 1 || w > width || h > height) continue;
        const rect = { y: random.integer(height - h + 1), x: random.integer(width - w + 1), height: h, width: w };
        return resizeGeometry(rect, options.size, filter);
      }
      const aspect = Math.min(ratio[1], Math.max(ratio[0], width / height));
      const w = Math.min(width, Math.max(1, Math.round(height * aspect)));
      const h = Math.min(height, Math.max(1, Math.round(width / aspect)));
      const rect = { x: Math.floor((width - w) / 2), y: Math.floor((height - h) / 2), width: w, height: h };
      return resizeGeometry(rect, options.size, filter);
    },
  };
}

/** Pads at the right and the bottom up to at least `size`. Maps get their `ignore` value, masks 0. Must come last. */
export function padTo(size: Size, fill?: Fill): Augmentation {
  return {
    kind: 'geometric',
    name: 'padTo',
    plan: (from) => padGeometry(from, [Math.max(from[0], size[0]), Math.max(from[1], size[1])], fill),
  };
}
