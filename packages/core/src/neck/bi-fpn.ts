import { applyLinear } from '@glid/head-kit';
import { fusionNode, groupNorm, resizeNearest } from '@glid/ops';
import { add, depthwiseConv2d, maxPool, mul, sub, type Tensor1D, type Tensor4D } from '@tensorflow/tfjs-core';
import { stageStrides } from '../encoder/swin-config.ts';
import { maskColumn, rectangleMask, tokenSizes } from '../encoder/validity.ts';
import type { Size } from '../encoder/window-geometry.ts';
import { type ParameterRecord, parameter } from '../parameters/records.ts';
import { cellOutputs, fusionNodes } from './fusion-nodes.ts';
import { maskedGroupNorm, type PictureArea } from './masked-group-norm.ts';
import type { NeckConfig } from './neck-config.ts';

/** Normalises a map with the parameters under `name`. */
export type MapNorm = (x: Tensor4D, name: string, level: number) => Tensor4D;

/** Each level's pictures in a batch of mixed sizes; null when all pictures fill the batch. */
export type LevelAreas = readonly PictureArea[] | null;

/** Beyond any feature: what lies outside a picture never wins a maximum. */
const outsideValue = -1e9;

/**
 * The neck: Bi-FPN cells with fast normalised fusion, separable convolutions and GroupNorm (GLID section 3; Tan et al. 2020).
 *
 * @param maps P2..P5 of the encoder, `[B, H/4, W/4, C0]` … `[B, H/32, W/32, C3]`
 * @param sizes pixels of each picture of a mixed batch, or null
 * @returns four maps `[B, …, C]`, zero outside pictures
 */
export function neck(
  parameters: ParameterRecord,
  config: NeckConfig,
  maps: readonly Tensor4D[],
  sizes: readonly Size[] | null = null,
): readonly Tensor4D[] {
  const areas = sizes && maps.map((map, level) => pictureArea(tokenSizes(sizes, stageStrides[level]!), map));
  const norm: MapNorm = (x, name, level) => {
    const gamma = parameter(parameters, `${name}.gamma`) as Tensor1D;
    const beta = parameter(parameters, `${name}.beta`) as Tensor1D;
    if (areas) return maskedGroupNorm(x, gamma, beta, config.groups, areas[level]!);
    return groupNorm(x, gamma, beta, config.groups);
  };
  let levels = maps;
  for (let cell = 0; cell < config.cells; cell++) {
    levels = fuseCell(parameters, `neck.cells.${cell}.`, levels, norm, areas);
  }
  return areas ? levels.map((map, level): Tensor4D => mul(map, maskColumn(areas[level]!.mask))) : levels;
}

/** The 1/4 map f^b, `[B, H/4, W/4, C]`: a 1 x 1 convolution of the finest fused level, or of the encoder's first stage. */
export function pixelMap(
  parameters: ParameterRecord,
  config: NeckConfig,
  maps: readonly Tensor4D[],
  levels: readonly Tensor4D[],
  sizes: readonly Size[] | null = null,
): Tensor4D {
  const source = config.pixelsFrom === 'neck' ? levels[0]! : maps[0]!;
  const pixels = applyLinear(parameters, 'neck.pixels', source) as Tensor4D;
  if (!sizes) return pixels;
  return mul(pixels, maskColumn(rectangleMask(tokenSizes(sizes, stageStrides[0]), [pixels.shape[1], pixels.shape[2]])));
}

/** One cell over any number of levels, fine to coarse. Node: project, resample, fuse, swish, depthwise 3 x 3, pointwise, norm. */
export function fuseCell(
  parameters: ParameterRecord,
  prefix: string,
  inputs: readonly Tensor4D[],
  norm: MapNorm,
  areas: LevelAreas = null,
): readonly Tensor4D[] {
  const maps = [...inputs];
  const levelOf = inputs.map((_, level) => level);
  for (const node of fusionNodes(inputs.length)) {
    const name = prefix + node.name;
    const target = inputs[node.level]!;
    const size: Size = [target.shape[1], target.shape[2]];
    const resampled = node.inputs.map((i) => {
      const projection = `${name}.inputs.${i}.projection`;
      const projected = `${projection}.kernel` in parameters;
      const map = projected
        ? norm(applyLinear(parameters, projection, maps[i]!) as Tensor4D, `${name}.inputs.${i}.norm`, levelOf[i]!)
        : maps[i]!;
      return resample(map, levelOf[i]! - node.level, size, areas?.[levelOf[i]!]);
    });
    const fused = fusionNode(resampled, parameter(parameters, `${name}.weights`) as Tensor1D);
    const area = areas?.[node.level];
    const shown: Tensor4D = area ? mul(fused, maskColumn(area.mask)) : fused;
    const mixed = depthwiseConv2d(shown, parameter(parameters, `${name}.depthwise.kernel`) as Tensor4D, 1, 'same');
    maps.push(norm(applyLinear(parameters, `${name}.pointwise`, mixed) as Tensor4D, `${name}.norm`, node.level));
    levelOf.push(node.level);
  }
  return cellOutputs(inputs.length).map((i) => maps[i]!);
}

/** To `size`: nearest from the next coarser level, 3 x 3 stride-2 maximum from the next finer one. Odd sizes fit exactly. */
function resample(map: Tensor4D, levelsUp: number, size: Size, area: PictureArea | undefined): Tensor4D {
  if (levelsUp === 0) return map;
  if (levelsUp > 0) return resizeNearest(map, size);
  const inside = area && maskColumn(area.mask);
  const bounded = inside ? add(mul(map, inside), mul(sub(1, inside), outsideValue)) : map;
  return maxPool(bounded as Tensor4D, 3, 2, 1, 'floor');
}

function pictureArea(sizes: readonly Size[], map: Tensor4D): PictureArea {
  return {
    mask: rectangleMask(sizes, [map.shape[1], map.shape[2]]),
    inverse: Float32Array.from(sizes, ([height, width]) => 1 / (height * width)),
  };
}
