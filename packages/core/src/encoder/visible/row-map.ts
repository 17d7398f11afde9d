import { differentiable } from '@glid/ops';
import { gather, mul, type Tensor1D, type Tensor2D } from '@tensorflow/tfjs-core';
import { resident } from '../../parameters/resident.ts';

interface Choice {
  readonly index: Int32Array;
  /** 0 where nothing is chosen; null when every row has a source. */
  readonly present: Float32Array | null;
}

/** Moves rows about, each source row to at most one place: so the gradient is a move too, not a sum. */
export interface RowMap {
  readonly forward: Choice;
  readonly backward: Choice;
}

/** `source[i]` is the row that comes to place i, -1 for a row of zeros; no row may be named twice. */
export function rowMap(source: Int32Array, sources: number): RowMap {
  const inverse = new Int32Array(sources).fill(-1);
  for (let i = 0; i < source.length; i++) if (source[i]! >= 0) inverse[source[i]!] = i;
  return { forward: choice(source), backward: choice(inverse) };
}

/** The way back. */
export function inverseMap(map: RowMap): RowMap {
  return { forward: map.backward, backward: map.forward };
}

/** `x [S, C]` -> `[D, C]`. */
export function moveRows(x: Tensor2D, map: RowMap): Tensor2D {
  return differentiable<Tensor2D>(
    [x],
    () => take(x, map.forward),
    (dy) => [take(dy, map.backward)],
  );
}

function choice(source: Int32Array): Choice {
  if (!source.includes(-1)) return { index: source, present: null };
  return {
    index: source.map((row) => Math.max(0, row)),
    present: Float32Array.from(source, (row) => (row < 0 ? 0 : 1)),
  };
}

function take(x: Tensor2D, { index, present }: Choice): Tensor2D {
  const rows = gather(x, resident(index, [index.length]) as Tensor1D);
  return present ? mul(rows, resident(present, [present.length, 1])) : rows;
}
