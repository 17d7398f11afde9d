import { GlidError } from '@glid/base';

/** The Bi-FPN over the four maps of the encoder, P2 (1/4) to P5 (1/32). */
export interface NeckConfig {
  /** C: channels of every map after the neck, of the queries, and of the 1/4 map f^b. */
  readonly width: number;
  /** Times the fusion is repeated. */
  readonly cells: number;
  /** Groups of the GroupNorm. */
  readonly groups: number;
  /** Where the 1/4 map f^b is taken: after the fusion, or straight from the encoder's first stage. */
  readonly pixelsFrom: 'neck' | 'encoder';
}

/**
 * Refuses a neck whose groups do not divide its width, or that has no cells.
 *
 * @throws GLID_CONFIG
 */
export function checkNeckConfig(config: NeckConfig): void {
  const { width, cells, groups } = config;
  const whole = [width, cells, groups].every((n) => Number.isInteger(n) && n > 0);
  if (!whole || width % groups !== 0 || width % 4 !== 0) {
    throw new GlidError(
      'GLID_CONFIG',
      `A neck of ${cells} cells, width ${width} and ${groups} groups cannot be built.`,
      {
        fix: 'Use positive integers, a width that is a multiple of 4, and groups that divide the width.',
        details: { config },
      },
    );
  }
}
