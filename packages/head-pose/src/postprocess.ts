import { decodeHeatmaps, heatmapToPicture, type ImageMeta } from '@glid/head-kit';
import { mul, reshape, softmax, type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import type { PoseConfig } from './config.ts';
import { fitMaps, layerCount, type PoseRaw, shownCells } from './forward.ts';

export interface Joint {
  readonly name: string;
  /** Original pixels. */
  readonly x: number;
  readonly y: number;
  /** Height of the heat map's peak, about 0..1. */
  readonly score: number;
}

/** The body in one picture, or in one part of it. */
export interface PoseResult {
  readonly joints: readonly Joint[];
  /** Mean of the joints' scores above 0.2 (ViTPose); times the detector's score after `rescore`. */
  readonly score: number;
  readonly size: readonly [height: number, width: number];
}

/** Peaks of the heat maps, in original pixels. */
export async function posePostprocess(
  config: PoseConfig,
  raw: PoseRaw,
  metas: readonly ImageMeta[],
): Promise<readonly PoseResult[]> {
  const maps = raw[`heatmaps.${layerCount(raw) - 1}`]!;
  const [, joints, height, width] = maps.shape;
  const all = await heights(config, maps);
  const convention = config.encoding === 'udp' ? 'udp' : 'cells';
  // UDP: the last cell lies on the last pixel; otherwise a cell is as many pixels as the map is smaller.
  const ends = convention === 'udp' ? 1 : 0;
  return metas.map((meta, image) => {
    const own = all.subarray(image * joints * height * width, (image + 1) * joints * height * width);
    const shown = shownCells([height, width], meta);
    const { xy, scores } = decodeHeatmaps(fitMaps(own, [height, width], shown), shown, config.decoding);
    const [rows, columns] = meta.resizedSize;
    const region = { x: 0, y: 0, width: columns - ends, height: rows - ends };
    const inInput = heatmapToPicture(xy, shown, region, convention);
    const found = config.joints.map((name, j) => {
      const [x, y] = toOriginal(inInput[2 * j]! + 0.5, inInput[2 * j + 1]! + 0.5, meta);
      return { name, x, y, score: scores[j]! };
    });
    const ordered = meta.flippedHorizontally ? swapSides(found, config) : found;
    return { joints: ordered, score: meanScore(ordered), size: meta.originalSize };
  });
}

/**
 * Heat maps as they are trained for: peaks of about 1 where the model is sure. A softmax over the cells shares out a whole of 1; the Gaussian
 * that it imitates has a sum of 2 pi sigma^2.
 */
async function heights({ loss, sigma }: PoseConfig, maps: Tensor4D): Promise<Float32Array> {
  if (loss === 'mse') return (await maps.data()) as Float32Array;
  const [batch, joints, height, width] = maps.shape;
  const shares = tidy(() => mul(softmax(reshape(maps, [batch, joints, height * width])), 2 * Math.PI * sigma ** 2));
  const values = (await shares.data()) as Float32Array;
  shares.dispose();
  return values;
}

/** Continuous pixels of the network input -> of the original. */
function toOriginal(x: number, y: number, meta: ImageMeta): [number, number] {
  const crop = meta.crop ?? { x: 0, y: 0, width: meta.originalSize[1], height: meta.originalSize[0] };
  const [height, width] = meta.resizedSize;
  const across = meta.flippedHorizontally ? width - x : x;
  return [crop.x + (across * crop.width) / width, crop.y + (y * crop.height) / height];
}

/** In a mirrored picture the left wrist was found where the right one is. */
function swapSides(joints: readonly Joint[], { flipPairs }: PoseConfig): Joint[] {
  const out = [...joints];
  for (const [a, b] of flipPairs) {
    out[a!] = { ...joints[b!]!, name: joints[a!]!.name };
    out[b!] = { ...joints[a!]!, name: joints[b!]!.name };
  }
  return out;
}

function meanScore(joints: readonly Joint[]): number {
  const sure = joints.filter(({ score }) => score > 0.2);
  return sure.length === 0 ? 0 : sure.reduce((sum, { score }) => sum + score, 0) / sure.length;
}
