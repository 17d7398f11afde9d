import { GlidError } from '@glid/base';
import { add, mul, reshape, sub, type Tensor, type Tensor1D, type Tensor4D } from '@tensorflow/tfjs-core';
import { applyLayerNorm } from '../parameters/layers.ts';
import { type ParameterRecord, parametersUnder } from '../parameters/records.ts';
import type { BlockDrop } from './drop-path.ts';
import { embedPatches, patchRows } from './patch-embed.ts';
import { mergeMap } from './patch-merge.ts';
import { type BlockSetting, swinBlock } from './swin-block.ts';
import { patchSize, type SwinConfig, stageStrides } from './swin-config.ts';
import { blockPrefix, blockSpecs } from './swin-specs.ts';
import { type GridMask, maskColumn, paddedSizes, rectangleMask, tokenSizes } from './validity.ts';
import { type Size, stageGrids, type WindowGeometry, windowGeometry } from './window-geometry.ts';

/** How a block is executed: at once, or by `recompute`, which gives up its inner tensors until the backward pass. */
export type BlockRunner = <T extends Tensor>(
  block: (x: T, parameters: ParameterRecord) => T,
  x: T,
  parameters: ParameterRecord,
) => T;

export interface EncodeOptions {
  /** Pixels of each picture, at the left top of the batch; the rest must be zero and has no influence. Null = all full. */
  readonly sizes?: readonly Size[] | null | undefined;
  /** One a block, from `drawDropPath`. */
  readonly dropPath?: readonly BlockDrop[] | undefined;
  readonly runBlock?: BlockRunner | undefined;
  /** For each stage, 1 where a token is visible: hidden tokens are attended by nobody and are zero in the outputs. */
  readonly visible?: readonly GridMask[] | undefined;
  /** Puts a token `[embed]` in the place of every patch that is not visible (SimMIM). */
  readonly replaced?: { readonly token: Tensor1D; readonly visible: GridMask } | undefined;
}

/**
 * The Swin encoder on full grids. `images [B, H, W, 3]`, normalised -> the normed maps of the four stages,
 * `[B, ceil(H/4), ceil(W/4), C]`, `[B, ceil(H/8), …, 2C]`, `…/16`, `…/32`. Any H and W; what lies outside a picture is zero.
 *
 * A batch of mixed sizes gives what single pictures give: tokens outside a picture are zero after the first norm, as window
 * padding is, and tokens beyond the picture's own window padding are attended by nobody.
 *
 * @throws GLID_SHAPE when sizes do not fit; GLID_CONFIG for mixed sizes under `classification` semantics
 */
export function encode(
  parameters: ParameterRecord,
  config: SwinConfig,
  images: Tensor4D,
  options: EncodeOptions = {},
): readonly Tensor4D[] {
  const [batch, height, width] = images.shape;
  const sizes = paddedSizes(options.sizes, images.shape);
  if (sizes && config.semantics === 'classification') throw mixedClassification();
  const run: BlockRunner = options.runBlock ?? ((block, x, p) => block(x, p));
  const grids = stageGrids(height, width);
  const outputs: Tensor4D[] = [];
  const patches = embedPatches(parameters, patchRows(images, patchSize));
  let x: Tensor4D = withReplaced(reshape(patches, [batch, ...grids[0], config.embed]), options.replaced);
  let blocksDone = 0;
  for (let stage = 0; stage < 4; stage++) {
    const grid = grids[stage]!;
    const tokens = sizes ? tokenSizes(sizes, stageStrides[stage]!) : null;
    const visible = options.visible?.[stage];
    const tokenMask = tokens ? rectangleMask(tokens, grid) : undefined;
    const shown = [tokenMask, visible].filter((mask) => mask !== undefined);
    const masked = (map: Tensor4D): Tensor4D => shown.reduce((m, mask) => mul(m, maskColumn(mask)), map);
    const names = Object.keys(blockSpecs(config, stage));
    const keyMasks = new Map<string, GridMask | undefined>();
    for (let block = 0; block < config.depths[stage]!; block++, blocksDone++) {
      const geometry = windowGeometry(config, grid, block);
      const key = geometry.padded.join();
      if (!keyMasks.has(key)) keyMasks.set(key, keyMask(batch, geometry, tokens, visible));
      const setting: BlockSetting = {
        heads: config.heads[stage]!,
        side: config.window,
        geometry,
        tokenMask,
        keyMask: keyMasks.get(key),
        drop: options.dropPath?.[blocksDone],
      };
      const own = parametersUnder(parameters, blockPrefix(stage, block), names);
      x = run((t, p) => swinBlock(t, p, setting), x, own);
    }
    outputs.push(masked(applyLayerNorm(parameters, `encoder.outputNorms.${stage}`, x)));
    if (stage < 3) x = mergeMap(parameters, stage, masked(x));
  }
  return outputs;
}

/** Which tokens of the padded grid may be attended; window padding that the picture itself would have may be. */
function keyMask(
  batch: number,
  { grid, padded, window }: WindowGeometry,
  tokens: readonly Size[] | null,
  visible: GridMask | undefined,
): GridMask | undefined {
  if (!tokens && !visible) return undefined;
  const up = (n: number, step: number): number => Math.ceil(n / step) * step;
  const extents = tokens?.map(([h, w]): Size => [up(h, window[0]), up(w, window[1])]);
  const mask = rectangleMask(extents ?? Array.from({ length: batch }, () => padded), padded);
  if (visible) {
    for (let b = 0, from = 0; b < batch; b++) {
      for (let y = 0; y < grid[0]; y++, from += grid[1]) {
        const to = (b * padded[0] + y) * padded[1];
        for (let i = 0; i < grid[1]; i++) mask.data[to + i]! *= visible.data[from + i]!;
      }
    }
  }
  return mask;
}

function withReplaced(x: Tensor4D, replaced: EncodeOptions['replaced']): Tensor4D {
  if (!replaced) return x;
  const visible = maskColumn(replaced.visible);
  return add(mul(x, visible), mul(sub(1, visible), replaced.token)) as Tensor4D;
}

function mixedClassification(): GlidError {
  return new GlidError(
    'GLID_CONFIG',
    'Pictures of different sizes cannot share a batch under classification semantics.',
    {
      fix: "Use `semantics: 'detection'`, or give pictures of one size at a time.",
    },
  );
}
