import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { Launcher } from '../launch/launcher.ts';
import { u32 } from '../launch/shader.ts';
import { matrixProduct, type Operand, tile } from '../wgsl/matrix-product.ts';
import { normal } from '../wgsl/normal.ts';
import { columnSums } from './column-sum.ts';

export interface Product {
  /** `[batch or 1, m, k]`, transposed `[batch or 1, k, m]`; any shape of these numbers. */
  readonly a: TensorInfo;
  /** `[batch or 1, k, n]`, transposed `[batch or 1, n, k]`. */
  readonly b: TensorInfo;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly batch: number;
  readonly m: number;
  readonly k: number;
  readonly n: number;
  /** True where one matrix serves the whole batch. */
  readonly sharedA?: boolean;
  readonly sharedB?: boolean;
  /** `[n]` */
  readonly bias?: TensorInfo | undefined;
  readonly activation?: 'none' | 'relu' | 'gelu';
  /** `[batch, m, n]` */
  readonly y: TensorInfo;
  /** The value before the activation. */
  readonly preactivation?: TensorInfo | undefined;
}

/** A long inner axis under few tiles is cut, so that more of the device works: not below this length. */
const shortestPart = 256;
const enoughWorkgroups = 128;

/** Writes `y`. The same numbers in every run: parts of a long inner axis are added in a second dispatch, not by atomics. */
export function launchProduct(gpu: Launcher, product: Product): void {
  const { a, b, transposeA, transposeB, batch, m, k, n, bias, activation = 'none', y, preactivation } = product;
  const tiles = batch * Math.ceil(m / tile) * Math.ceil(n / tile);
  const plain = bias === undefined && activation === 'none' && preactivation === undefined && batch === 1;
  const wanted = plain ? Math.min(Math.floor(k / shortestPart), Math.floor(enoughWorkgroups / tiles)) : 1;
  const partLength = wanted > 1 ? Math.ceil(k / wanted / tile) * tile : Math.max(1, k);
  const splits = Math.max(1, Math.ceil(k / partLength));
  const [wideA, wideB] = [(transposeA ? m : k) % 4 === 0, (transposeB ? k : n) % 4 === 0];
  // Reshaped to rows that are not whole words it has to be widened; bound as `a` too, it would be, under our hands.
  const half = gpu.halves.has(b) && wideB && a.dataId !== b.dataId;
  const operands: { a: Operand; b: Operand } = {
    a: { name: 'a', innerLast: !transposeA, wide: wideA },
    b: { name: 'b', innerLast: transposeB, wide: wideB, half },
  };
  const wideOut = n % 4 === 0;
  const out = splits > 1 ? gpu.output([splits, m, n]) : y;
  const layout = [operands.a, operands.b]
    .map(({ innerLast, wide, half }) => `${innerLast} ${half ? 'half' : wide}`)
    .join();
  gpu.launch({
    key: `matrixProduct ${layout} ${wideOut} ${activation}`,
    inputs: { a, b, ...(bias && { bias }) },
    outputs: { y: out, ...(preactivation && { z: preactivation }) },
    wide: [...(operands.a.wide ? ['a'] : []), ...(operands.b.wide ? ['b'] : []), ...(wideOut ? ['y', 'z'] : [])],
    halves: half ? ['b'] : [],
    params: {
      m: u32(m),
      k: u32(k),
      n: u32(n),
      batch: u32(batch),
      strideA: u32(product.sharedA ? 0 : m * k),
      strideB: u32(product.sharedB ? 0 : k * n),
      splits: u32(splits),
      partLength: u32(partLength),
      tile: u32(tile),
    },
    workgroups: tiles * splits,
    code: () =>
      `${activation === 'gelu' ? normal : ''}${matrixProduct({
        ...operands,
        wideOut,
        bias: bias !== undefined,
        activation,
        preactivation: preactivation !== undefined,
        rolled: gpu.software,
      })}`,
  });
  if (splits === 1) return;
  columnSums(gpu, out, splits, [y]);
  gpu.release(out);
}
