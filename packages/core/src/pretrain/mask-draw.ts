import { GlidError, type Random } from '@glid/base';
import type { GridMask } from '../encoder/validity.ts';
import type { PretrainConfig } from './pretrain-config.ts';

/** Which units of each picture are hidden. Drawn outside the forward pass. */
export interface MaskDraw {
  /** 1 = visible, `[B, H / unit, W / unit]`. */
  readonly units: GridMask;
  /** The hidden units of each picture as positions in its grid, row by row, `[B * N]`; query i answers for entry i. */
  readonly hidden: Int32Array;
  /** N: hidden units a picture. */
  readonly count: number;
}

/**
 * Hides a random share of every picture: of L units, `floor(L * (1 - ratio))` stay visible, all sets being equally likely (MAE).
 *
 * @throws GLID_SHAPE when a side is no multiple of the unit, GLID_CONFIG when nothing would stay visible or hidden
 */
export function drawMask(
  config: Pick<PretrainConfig, 'unit' | 'ratio'>,
  shape: readonly [batch: number, height: number, width: number],
  random: Random,
): MaskDraw {
  const [batch, height, width] = shape;
  const { unit, ratio } = config;
  if (height % unit !== 0 || width % unit !== 0) {
    throw new GlidError('GLID_SHAPE', `Pictures of ${height} x ${width} pixels are not whole mask units of ${unit}.`, {
      fix: `Crop them to a multiple of ${unit}.`,
    });
  }
  const units = (height / unit) * (width / unit);
  const visible = Math.floor(units * (1 - ratio));
  const count = units - visible;
  if (visible < 1 || count < 1) {
    throw new GlidError('GLID_CONFIG', `A ratio of ${ratio} leaves ${visible} of ${units} units visible.`, {
      fix: 'Choose a smaller unit, a larger picture or another ratio.',
    });
  }
  const data = new Float32Array(batch * units);
  const hidden = new Int32Array(batch * count);
  for (let b = 0; b < batch; b++) {
    const order = random.permutation(units);
    for (const position of order.subarray(0, visible)) data[b * units + position] = 1;
    hidden.set(order.subarray(visible).sort(), b * count);
  }
  return { units: { data, shape: [batch, height / unit, width / unit] }, hidden, count };
}
