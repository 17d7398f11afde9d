import { GlidError, type HostArray, type ImageMeta } from '@glid/base';
import type { Sample, Size } from '../sample/sample.ts';
import { groupTargets } from '../sample/sources.ts';

/** Channel means and standard deviations of ImageNet, for values in 0..1. */
export const imagenetNormalization: Normalization = {
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
};

export interface Normalization {
  readonly mean: readonly [red: number, green: number, blue: number];
  readonly std: readonly [red: number, green: number, blue: number];
}

export interface CollateOptions {
  /** Default ImageNet's. */
  readonly normalization?: Normalization;
  /** Sides of the batch are rounded up to a multiple of this. Default 1. */
  readonly divisor?: number;
  /** Exactly this size instead of the largest of the batch. */
  readonly size?: Size;
}

/** Host arrays of one step. */
export interface Batch {
  /** `[B, H, W, 3]` float32, normalised; padding is 0. */
  readonly images: { readonly data: Float32Array; readonly shape: readonly [number, number, number, number] };
  /** One a picture: `resizedSize` is the unpadded part. */
  readonly metas: readonly ImageMeta[];
  /** By source (a head's key), one record of arrays a picture; maps and masks padded to H x W. */
  readonly targets: { readonly [source: string]: readonly { readonly [field: string]: HostArray }[] };
}

/** Pads samples at the right and the bottom to a common size and normalises. Throws `GLID_USAGE` on an empty list. */
export function collate(samples: readonly Sample[], options: CollateOptions = {}): Batch {
  const [height, width] = batchSize(samples, options);
  const data = new Float32Array(samples.length * height * width * 3);
  const tables = normalizationTables(options.normalization ?? imagenetNormalization);
  for (const [b, sample] of samples.entries()) writeImage(sample, data, b * height * width * 3, width, tables);
  const padded = samples.map((sample) => padTargets(sample, [height, width]));
  return {
    images: { data, shape: [samples.length, height, width, 3] },
    metas: samples.map(({ meta }) => ({ ...meta, inputSize: [height, width] as const })),
    targets: groupTargets(padded),
  };
}

function batchSize(samples: readonly Sample[], options: CollateOptions): Size {
  if (samples.length === 0) {
    throw new GlidError('GLID_USAGE', 'A batch of no samples was asked for.', { fix: 'Pass at least one sample.' });
  }
  const divisor = options.divisor ?? 1;
  const side = (axis: 0 | 1): number => {
    const largest = Math.max(...samples.map((sample) => sample.size[axis]));
    return options.size?.[axis] ?? Math.ceil(largest / divisor) * divisor;
  };
  const size: Size = [side(0), side(1)];
  const tooLarge = samples.find((sample) => sample.size[0] > size[0] || sample.size[1] > size[1]);
  if (tooLarge) {
    throw new GlidError(
      'GLID_USAGE',
      `A sample of ${tooLarge.size.join(' x ')} does not fit a batch of ${size.join(' x ')}.`,
      {
        fix: 'Resize or crop in the pipeline, or choose a larger batch size in pixels.',
        details: { id: tooLarge.meta.id },
      },
    );
  }
  return size;
}

interface NormalizationTables extends Normalization {
  /** Normalised value of each byte, by channel. */
  readonly bytes: readonly [Float32Array, Float32Array, Float32Array];
}

function normalizationTables(normalization: Normalization): NormalizationTables {
  const table = (c: 0 | 1 | 2): Float32Array =>
    Float32Array.from({ length: 256 }, (_, v) => (v / 255 - normalization.mean[c]) / normalization.std[c]);
  return { ...normalization, bytes: [table(0), table(1), table(2)] };
}

function writeImage(
  sample: Sample,
  out: Float32Array,
  start: number,
  width: number,
  tables: NormalizationTables,
): void {
  const [rows, columns] = sample.size;
  const { image } = sample;
  const stride = sample.size[1] * 3;
  const [red, green, blue] = tables.bytes;
  for (let y = 0; y < rows; y++) {
    let o = start + y * width * 3;
    let i = y * stride;
    const end = i + columns * 3;
    if (image instanceof Uint8Array) {
      for (; i < end; i += 3, o += 3) {
        out[o] = red[image[i]!]!;
        out[o + 1] = green[image[i + 1]!]!;
        out[o + 2] = blue[image[i + 2]!]!;
      }
    } else {
      for (let c = 0; i < end; i++, o++, c = c === 2 ? 0 : c + 1) {
        out[o] = (image[i]! / 255 - tables.mean[c]!) / tables.std[c]!;
      }
    }
  }
}

/** Maps and masks of the sample at the batch's size. */
function padTargets(sample: Sample, size: Size): { readonly [name: string]: HostArray } {
  return Object.fromEntries(
    Object.entries(sample.fields).map(([name, { field, value }]) => {
      if (field.kind === 'map') return [name, padPlanes(value, sample.size, size, field.ignore)];
      return [name, field.kind === 'masks' ? padPlanes(value, sample.size, size, 0) : value];
    }),
  );
}

function padPlanes(value: HostArray, from: Size, to: Size, fill: number): HostArray {
  if (from[0] === to[0] && from[1] === to[1]) return value;
  const planes = value.shape.length === 2 ? 1 : value.shape[0]!;
  const length = planes * to[0] * to[1];
  const data =
    value.data instanceof Float32Array
      ? new Float32Array(length)
      : value.data instanceof Int32Array
        ? new Int32Array(length)
        : new Uint8Array(length);
  if (fill !== 0) data.fill(fill);
  for (let p = 0; p < planes; p++) {
    for (let y = 0; y < from[0]; y++) {
      const start = (p * from[0] + y) * from[1];
      data.set(value.data.subarray(start, start + from[1]), (p * to[0] + y) * to[1]);
    }
  }
  return { data, shape: [...value.shape.slice(0, -2), ...to] };
}
