import { GlidError } from '@glid/base';
import { stageStrides } from '../swin-config.ts';
import type { GridMask } from '../validity.ts';
import { type Size, stageGrids } from '../window-geometry.ts';

/** The visible tokens of one stage, numbered in the order of pictures, rows and columns. */
export interface VisibleTokens {
  readonly grid: Size;
  readonly mask: GridMask;
  /** Cell of the grid (over the whole batch) -> number of its token, -1 where hidden. */
  readonly rowOf: Int32Array;
  /** Number of a token -> its cell. */
  readonly cellOf: Int32Array;
}

/**
 * From visible mask units to the visible tokens of every stage. A token larger than a unit is visible as soon as one of its
 * units is.
 *
 * @param units 1 = visible, `[B, H / unit, W / unit]`  @param unit pixels a side: 4, 8, 16, 32 or 64
 */
export function visibleTokens(units: GridMask, unit: number): readonly VisibleTokens[] {
  if (![4, 8, 16, 32, 64].includes(unit)) {
    throw new GlidError('GLID_CONFIG', `A mask unit of ${unit} pixels does not align with the stages of the encoder.`, {
      fix: 'Use 32 (224 px pictures) or 16 (128 px); 4, 8 and 64 align too.',
      details: { unit },
    });
  }
  const [batch, rows, columns] = units.shape;
  return stageGrids(rows * unit, columns * unit).map((grid, stage) => {
    const [height, width] = grid;
    const stride = stageStrides[stage]!;
    const data = new Float32Array(batch * height * width);
    const perToken = Math.max(1, stride / unit);
    const perUnit = Math.max(1, unit / stride);
    for (let b = 0; b < batch; b++) {
      for (let y = 0; y < rows; y++) {
        for (let x = 0; x < columns; x++) {
          if (units.data[(b * rows + y) * columns + x] === 0) continue;
          const [top, left] = [Math.floor(y / perToken) * perUnit, Math.floor(x / perToken) * perUnit];
          for (let i = top; i < top + perUnit; i++) {
            const start = (b * height + i) * width + left;
            data.fill(1, start, start + perUnit);
          }
        }
      }
    }
    return numbered({ data, shape: [batch, height, width] });
  });
}

function numbered(mask: GridMask): VisibleTokens {
  const rowOf = new Int32Array(mask.data.length).fill(-1);
  const cells: number[] = [];
  mask.data.forEach((visible, cell) => {
    if (visible) rowOf[cell] = cells.push(cell) - 1;
  });
  return { grid: [mask.shape[1], mask.shape[2]], mask, rowOf, cellOf: Int32Array.from(cells) };
}
