import type { SwinConfig } from './swin-config.ts';

export type Size = readonly [height: number, width: number];

/** How one block cuts a token grid into windows. */
export interface WindowGeometry {
  /** Tokens of the stage. */
  readonly grid: Size;
  /** The grid padded right and bottom to whole windows. */
  readonly padded: Size;
  readonly window: Size;
  /** How far the padded grid is rolled up and left; odd blocks only. */
  readonly shift: Size;
}

/** The windows of block number `block` of a stage with `grid` tokens, in either semantics (see `SwinConfig`). */
export function windowGeometry(config: SwinConfig, grid: Size, block: number): WindowGeometry {
  const axis = (tokens: number): { window: number; shift: number; padded: number } => {
    const shrinks = config.semantics === 'classification' && tokens <= config.window;
    const window = shrinks ? tokens : config.window;
    const shift = shrinks || block % 2 === 0 ? 0 : Math.floor(window / 2);
    return { window, shift, padded: Math.ceil(tokens / window) * window };
  };
  const [y, x] = [axis(grid[0]), axis(grid[1])];
  return { grid, padded: [y.padded, x.padded], window: [y.window, x.window], shift: [y.shift, x.shift] };
}

/** The token grids of the four stages for an input of `height` x `width` pixels; odd sizes round up. */
export function stageGrids(height: number, width: number): readonly [Size, Size, Size, Size] {
  const at = (stride: number): Size => [Math.ceil(height / stride), Math.ceil(width / stride)];
  return [at(4), at(8), at(16), at(32)];
}
