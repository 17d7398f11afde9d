import { applyLinear } from '@glid/head-kit';
import { dropPath } from '@glid/ops';
import { add, gather, reshape, type Tensor, type Tensor1D, type Tensor2D, type Tensor4D } from '@tensorflow/tfjs-core';
import { applyLayerNorm } from '../../parameters/layers.ts';
import { type ParameterRecord, parameter, parametersUnder } from '../../parameters/records.ts';
import { resident } from '../../parameters/resident.ts';
import type { BlockDrop } from '../drop-path.ts';
import type { BlockRunner } from '../encode.ts';
import { embedPatches, patchRows } from '../patch-embed.ts';
import { mergePatches } from '../patch-merge.ts';
import { tableForWindow } from '../position-table.ts';
import { mlp } from '../swin-block.ts';
import { patchSize, type SwinConfig, stageChannels } from '../swin-config.ts';
import { blockPrefix, blockSpecs } from '../swin-specs.ts';
import { windowGeometry } from '../window-geometry.ts';
import { type AttentionGroups, attentionGroups } from './attention-groups.ts';
import { groupedAttention } from './grouped-attention.ts';
import { moveRows, type RowMap, rowMap } from './row-map.ts';
import type { VisibleTokens } from './visible-tokens.ts';

/**
 * The Swin encoder on visible tokens alone: hidden pixels are never read. Every layer works on rows `[T, C]`, T = visible
 * tokens of the whole batch. Equal to `encode` with the same tokens visible, at about the share of its cost that is visible.
 *
 * @param images `[B, H, W, 3]`, H and W whole mask units  @param stages from `visibleTokens`
 * @param drops one a block, from `drawDropPath`
 * @returns the normed maps of the four stages `[B, H/4, W/4, C]`, …, zero where hidden
 */
export function encodeVisible(
  parameters: ParameterRecord,
  config: SwinConfig,
  images: Tensor4D,
  stages: readonly VisibleTokens[],
  run: BlockRunner = (block, x, p) => block(x, p),
  drops?: readonly BlockDrop[],
): readonly Tensor4D[] {
  const patches = patchRows(images, patchSize);
  const { cellOf } = stages[0]!;
  let x = embedPatches(parameters, gather(patches, resident(cellOf, [cellOf.length]) as Tensor1D));
  let blocksDone = 0;
  return stages.map((tokens, stage) => {
    const names = Object.keys(blockSpecs(config, stage));
    const plans = new Map<string, AttentionGroups>();
    for (let block = 0; block < config.depths[stage]!; block++, blocksDone++) {
      const geometry = windowGeometry(config, tokens.grid, block);
      const key = geometry.shift.join();
      const groups = plans.get(key) ?? attentionGroups(tokens, geometry);
      plans.set(key, groups);
      const own = parametersUnder(parameters, blockPrefix(stage, block), names);
      const drop = drops?.[blocksDone];
      const setting: VisibleSetting = {
        groups,
        heads: config.heads[stage]!,
        tableOf: (table) => tableForWindow(table, config.window, geometry.window),
        drop: drop && tokenDrop(drop, tokens),
      };
      const apply = (rows: Tensor2D, p: ParameterRecord): Tensor2D => visibleBlock(rows, p, setting);
      x = run(apply, x, own);
    }
    const normed = applyLayerNorm(parameters, `encoder.outputNorms.${stage}`, x);
    const onGrid = moveRows(normed, rowMap(tokens.rowOf, tokens.cellOf.length));
    const next = stages[stage + 1];
    if (next) {
      const squares = moveRows(x, childRows(tokens, next));
      x = mergePatches(parameters, stage, reshape(squares, [next.cellOf.length, 4 * stageChannels(config, stage)]));
    }
    return reshape(onGrid, [...tokens.mask.shape, stageChannels(config, stage)]);
  });
}

interface VisibleSetting {
  readonly groups: AttentionGroups;
  readonly heads: number;
  readonly tableOf: (table: Tensor2D) => Tensor2D;
  readonly drop: BlockDrop | undefined;
}

/** A picture's draw, for each of its visible tokens. */
function tokenDrop(drop: BlockDrop, { cellOf, grid: [height, width] }: VisibleTokens): BlockDrop {
  const each = (keep: Float32Array): Float32Array =>
    Float32Array.from(cellOf, (cell) => keep[Math.floor(cell / (height * width))]!);
  return { keepProbability: drop.keepProbability, attention: each(drop.attention), mlp: each(drop.mlp) };
}

function visibleBlock(
  x: Tensor2D,
  parameters: ParameterRecord,
  { groups, heads, tableOf, drop }: VisibleSetting,
): Tensor2D {
  const dropped = (branch: Tensor, keep: Float32Array | undefined): Tensor =>
    drop && keep ? dropPath(branch, keep, drop.keepProbability) : branch;
  const normal = applyLayerNorm(parameters, 'norm1', x);
  const product = applyLinear(
    { 'qkv.kernel': parameter(parameters, 'attention.qkv.kernel') },
    'qkv',
    normal,
  ) as Tensor2D;
  const bias = parameter(parameters, 'attention.qkv.bias') as Tensor1D;
  const table = tableOf(parameter(parameters, 'attention.relativePositionTable') as Tensor2D);
  const attended = groupedAttention(product, bias, table, groups, heads);
  const projected = applyLinear(parameters, 'attention.projection', attended);
  const y = add(x, dropped(projected, drop?.attention)) as Tensor2D;
  return add(y, dropped(mlp(y, parameters), drop?.mlp)) as Tensor2D;
}

/** The four children of every visible parent, in the order of `squaresOfFour`; hidden ones are rows of zeros. */
function childRows(tokens: VisibleTokens, parents: VisibleTokens): RowMap {
  const [height, width] = tokens.grid;
  const [rows, columns] = parents.grid;
  const children = new Int32Array(4 * parents.cellOf.length);
  parents.cellOf.forEach((cell, parent) => {
    const b = Math.floor(cell / (rows * columns));
    const y = 2 * (Math.floor(cell / columns) % rows);
    const x = 2 * (cell % columns);
    for (let child = 0; child < 4; child++) {
      const [cy, cx] = [y + (child % 2), x + (child >> 1)];
      children[4 * parent + child] = cy < height && cx < width ? tokens.rowOf[(b * height + cy) * width + cx]! : -1;
    }
  });
  return rowMap(children, tokens.cellOf.length);
}
