import { mean, moments, sqrt, type Tensor, tidy } from '@tensorflow/tfjs-core';

/**
 * How much outputs differ, as standard deviations averaged over everything else. A set-prediction model on its plateau gives the
 * same answer for every picture: `overPictures` is near zero while the loss looks healthy. `overQueries` near zero means that the
 * queries have not separated yet (GLID starts them equal, eq. 3).
 */
export interface Spread {
  /** Over axis 0; 0 for a batch of one. */
  readonly overPictures: number;
  /** Over axis 1 of `[B, Q, ...]`; null for outputs without a query axis. */
  readonly overQueries: number | null;
}

/**
 * Measures an output's spread, in its own unit, and reads it back.
 *
 * @param output `[B, Q, ...]` or, where `hasQueries` is false, `[B, ...]`; it stays the caller's
 */
export async function outputSpread(output: Tensor, hasQueries: boolean = output.rank >= 3): Promise<Spread> {
  const deviation = (axis: number): Tensor => tidy(() => mean(sqrt(moments(output, axis).variance)));
  const read = async (axis: number): Promise<number> => {
    const value = deviation(axis);
    const [number] = await value.data();
    value.dispose();
    return number!;
  };
  return { overPictures: await read(0), overQueries: hasQueries ? await read(1) : null };
}
