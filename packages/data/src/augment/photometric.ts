import type { Random } from '@glid/base';
import { newPixels, type Pixels } from '../resample/resize-image.ts';
import { type Augmentation, checkProbability } from './augmentation.ts';
import { shiftHueAndSaturation } from './hue-saturation.ts';

export interface PhotometricOptions {
  /** Added to all channels: drawn in ± this, of 255. Default 32. */
  readonly brightness?: number;
  /** Multiplies all channels. Default [0.5, 1.5]. */
  readonly contrast?: readonly [low: number, high: number];
  /** Multiplies the HSV saturation. Default [0.5, 1.5]. */
  readonly saturation?: readonly [low: number, high: number];
  /** Turns the hue: drawn in ± this, degrees of 360. Default 36. */
  readonly hue?: number;
  /** Of each of the four. Default 0.5. */
  readonly probability?: number;
}

/**
 * Colour jitter of SSD (Liu et al. 2016) as Mask2Former uses it: brightness first, contrast either before or after
 * saturation and hue, each with its own coin. Values are cut to 0..255 after each step. Saturation and hue are computed
 * in one pass without rounding between them.
 */
export function photometricJitter(options: PhotometricOptions = {}): Augmentation {
  const { brightness = 32, contrast = [0.5, 1.5], saturation = [0.5, 1.5], hue = 36, probability = 0.5 } = options;
  checkProbability('photometricJitter', probability);
  return {
    kind: 'sample',
    name: 'photometricJitter',
    apply(sample, random) {
      const draw = (low: number, high: number, none: number): number => {
        const value = random.uniform(low, high);
        return random.boolean(probability) ? value : none;
      };
      const shift = draw(-brightness, brightness, 0);
      const gain = draw(contrast[0], contrast[1], 1);
      const contrastFirst = random.boolean();
      const strength = draw(saturation[0], saturation[1], 1);
      const turn = draw(-hue, hue, 0);
      let image = linear(sample.image, 1, shift);
      if (contrastFirst) image = linear(image, gain, 0);
      if (strength !== 1 || turn !== 0) image = shiftHueAndSaturation(image, turn / 360, strength);
      if (!contrastFirst) image = linear(image, gain, 0);
      return image === sample.image ? sample : { ...sample, image };
    },
  };
}

/** `gain * value + shift`, cut to 0..255; bytes are rounded down. */
function linear(image: Pixels, gain: number, shift: number): Pixels {
  if (gain === 1 && shift === 0) return image;
  const out = newPixels(image, image.length);
  const cut = (value: number): number => Math.max(0, Math.min(255, value * gain + shift));
  if (image instanceof Uint8Array) {
    const table = Uint8Array.from({ length: 256 }, (_, value) => cut(value));
    for (let i = 0; i < image.length; i++) out[i] = table[image[i]!]!;
  } else for (let i = 0; i < image.length; i++) out[i] = cut(image[i]!);
  return out;
}

/**
 * Gamma in 0.9..1.1, brightness in 0.75..1.25 and a factor in 0.9..1.1 for each channel, together with one probability
 * (AdaBins' augmentation for NYU). The picture becomes float32: nothing is rounded.
 */
export function gammaBrightnessColor(probability = 0.5): Augmentation {
  checkProbability('gammaBrightnessColor', probability);
  return {
    kind: 'sample',
    name: 'gammaBrightnessColor',
    apply(sample, random: Random) {
      if (!random.boolean(probability)) return sample;
      const gamma = random.uniform(0.9, 1.1);
      const brightness = random.uniform(0.75, 1.25);
      const factors = [0, 1, 2].map(() => brightness * random.uniform(0.9, 1.1));
      const { image } = sample;
      const out = new Float32Array(image.length);
      const power = (value: number): number => (value / 255) ** gamma * 255;
      const table = Float64Array.from({ length: 256 }, (_, value) => power(value));
      const bytes = image instanceof Uint8Array;
      for (let i = 0, c = 0; i < out.length; i++, c = c === 2 ? 0 : c + 1) {
        const value = bytes ? table[image[i]!]! : power(image[i]!);
        out[i] = Math.min(255, value * factors[c]!);
      }
      return { ...sample, image: out };
    },
  };
}
