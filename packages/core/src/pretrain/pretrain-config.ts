import { GlidError } from '@glid/base';

/** Masked image modelling as query to answer (GLID section 3). */
export interface PretrainConfig {
  /** Side in pixels of the squares that are hidden, and of what a query answers with. 32 suits 224 px pictures, 16 those of 128 px. */
  readonly unit: number;
  /** Share of the units that is hidden; `floor(units * (1 - ratio))` stay visible. */
  readonly ratio: number;
  /** `normalized`: each unit's pixels less their mean, over their deviation (MAE). `raw`: the network's input pixels. */
  readonly target: 'normalized' | 'raw';
  /** `visible`: the encoder works on visible tokens alone. `maskToken`: hidden patches become a learned token (SimMIM). */
  readonly encoderInput: 'visible' | 'maskToken';
}

/** GLID's choices, with the mask unit for 224 px pictures. */
export const pretrainDefaults: PretrainConfig = {
  unit: 32,
  ratio: 0.75,
  target: 'normalized',
  encoderInput: 'visible',
};

/**
 * Refuses a mask unit or a ratio that pre-training cannot use.
 *
 * @throws GLID_CONFIG
 */
export function checkPretrainConfig(config: PretrainConfig): void {
  if (![4, 8, 16, 32, 64].includes(config.unit) || !(config.ratio > 0 && config.ratio < 1)) {
    throw new GlidError('GLID_CONFIG', `Masking of unit ${config.unit} and ratio ${config.ratio} is impossible.`, {
      fix: 'Use a unit of 4, 8, 16, 32 or 64 pixels and a ratio between 0 and 1, for example 16 and 0.75.',
      details: { config },
    });
  }
}
