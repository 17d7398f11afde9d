import { applyLinear } from '@glid/head-kit';
import { fuseAndMix, fusionNode, groupNorm, linears, type NodeInput, type Resampling, resizeNearest } from '@glid/ops';
import { add, depthwiseConv2d, maxPool, mul, sub, type Tensor1D, type Tensor4D } from '@tensorflow/tfjs-core';
import { stageStrides } from '../encoder/swin-config.ts';
import { maskColumn, rectangleMask, tokenSizes } from '../encoder/validity.ts';
import type { Size } from '../encoder/window-geometry.ts';
import { linearLayer } from '../parameters/layers.ts';
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
  const nodes = fusionNodes(inputs.length);
  // Only what enters the cell is projected, so that all projections can be computed together.
  const entrances = nodes.flatMap((node) =>
    node.inputs
      .map((i) => ({ i, name: `${prefix}${node.name}.inputs.${i}.projection` }))
      .filter(({ name }) => `${name}.kernel` in parameters),
  );
  const products = linears(entrances.map(({ i, name }) => linearLayer(parameters, name, inputs[i]!))) as Tensor4D[];
  const projected = new Map(entrances.map(({ name }, k) => [name, products[k]!]));
  for (const node of nodes) {
    const name = prefix + node.name;
    const target = inputs[node.level]!;
    const size: Size = [target.shape[1], target.shape[2]];
    const entering = node.inputs.map((i) => {
      const entrance = projected.get(`${name}.inputs.${i}.projection`);
      const map = entrance ? norm(entrance, `${name}.inputs.${i}.norm`, levelOf[i]!) : maps[i]!;
      return { map, level: levelOf[i]!, resampling: resamplings[Math.sign(levelOf[i]! - node.level) + 1]! };
    });
    const weights = parameter(parameters, `${name}.weights`) as Tensor1D;
    const depthwise = parameter(parameters, `${name}.depthwise.kernel`) as Tensor4D;
    const mixed = areas
      ? fuseMasked(entering, weights, depthwise, size, areas, node.level)
      : fuseAndMix(entering, weights, depthwise, size);
    maps.push(norm(applyLinear(parameters, `${name}.pointwise`, mixed) as Tensor4D, `${name}.norm`, node.level));
    levelOf.push(node.level);
  }
  return cellOutputs(inputs.length).map((i) => maps[i]!);
}

/** From the next finer level, the same, the next coarser one. Odd sizes fit exactly. */
const resamplings = ['maximum', 'same', 'nearest'] as const satisfies readonly Resampling[];

/** `fuseAndMix` for pictures of different sizes: what lies outside wins no maximum and enters no convolution. */
function fuseMasked(
  entering: readonly (NodeInput & { readonly level: number })[],
  weights: Tensor1D,
  depthwise: Tensor4D,
  size: Size,
  areas: readonly PictureArea[],
  level: number,
): Tensor4D {
  const resampled = entering.map(({ map, resampling, level }): Tensor4D => {
    if (resampling === 'same') return map;
    if (resampling === 'nearest') return resizeNearest(map, size);
    const inside = maskColumn(areas[level]!.mask);
    return maxPool(add(mul(map, inside), mul(sub(1, inside), outsideValue)) as Tensor4D, 3, 2, 1, 'floor');
  });
  const fused = mul(fusionNode(resampled, weights), maskColumn(areas[level]!.mask)) as Tensor4D;
  return depthwiseConv2d(fused, depthwise, 1, 'same');
}

function pictureArea(sizes: readonly Size[], map: Tensor4D): PictureArea {
  return {
    mask: rectangleMask(sizes, [map.shape[1], map.shape[2]]),
    inverse: Float32Array.from(sizes, ([height, width]) => 1 / (height * width)),
  };
}
