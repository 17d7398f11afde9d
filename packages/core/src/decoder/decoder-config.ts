import { GlidError } from '@glid/base';

/** The query decoder. Its width is the neck's. */
export interface DecoderConfig {
  /** 6 in GLID; 3 and 9 are its ablations. */
  readonly layers: number;
  readonly heads: number;
  /** Hidden width of the feed-forward part. */
  readonly ffn: number;
}

/** Strides of the maps that the layers attend to, in turn. */
export const decoderStrides = [32, 16, 8] as const;

/**
 * Refuses a decoder that cannot be built: no layers, or a width that its heads do not divide.
 *
 * @param width channels of the neck, which are the decoder's
 * @throws GLID_CONFIG
 */
export function checkDecoderConfig(config: DecoderConfig, width: number): void {
  const { layers, heads, ffn } = config;
  const whole = [layers, heads, ffn].every((n) => Number.isInteger(n) && n > 0);
  if (!whole || width % heads !== 0) {
    throw new GlidError(
      'GLID_CONFIG',
      `A decoder of ${layers} layers, ${heads} heads and width ${width} cannot be built.`,
      {
        fix: 'Use positive integers, and a number of heads that divides the width.',
        details: { config, width },
      },
    );
  }
}
