import { Random } from '@glid/base';
import { encoderSpecs, type SwinConfig } from '../../packages/core/src/encoder/index.ts';

/** Numbers for every parameter of an encoder, the same in each process. */
export function swinValues(config: SwinConfig): Map<string, { shape: readonly number[]; values: Float32Array }> {
  const random = new Random(1);
  return new Map(
    Object.entries(encoderSpecs(config)).map(([name, { shape }]) => {
      const size = shape.reduce((a, b) => a * b, 1);
      const centre = name.endsWith('gamma') ? 1 : 0;
      const values = Float32Array.from({ length: size }, () => random.normal(centre, 0.04));
      return [name, { shape, values }];
    }),
  );
}

export function pictureValues(side: number): Float32Array {
  const random = new Random(2);
  return Float32Array.from({ length: side * side * 3 }, () => random.normal());
}
