import { softmaxRow } from './basic.ts';

export interface HeadView {
  /** Index of channel 0 of this row and head. */
  readonly q: (row: number) => number;
  readonly k: (row: number) => number;
  readonly v: (row: number) => number;
}

/** One head of attention: writes `rows x size` through `out`; `logit` adds bias and masks (-Infinity = may not attend). */
export function attendHead(
  source: { readonly q: Float64Array; readonly k: Float64Array; readonly v: Float64Array },
  view: HeadView,
  rows: number,
  keys: number,
  size: number,
  logit: (row: number, key: number, dot: number) => number,
  write: (row: number, channel: number, value: number) => void,
  weigh?: (row: number, key: number, weight: number) => void,
): void {
  for (let i = 0; i < rows; i++) {
    const logits = new Float64Array(keys);
    for (let j = 0; j < keys; j++) {
      let dot = 0;
      for (let c = 0; c < size; c++) dot += source.q[view.q(i) + c]! * source.k[view.k(j) + c]!;
      logits[j] = logit(i, j, dot / Math.sqrt(size));
    }
    const weights = softmaxRow(logits);
    for (let c = 0; c < size; c++) {
      let total = 0;
      for (let j = 0; j < keys; j++) total += weights[j]! * source.v[view.v(j) + c]!;
      write(i, c, total);
    }
    if (weigh) for (let j = 0; j < keys; j++) weigh(i, j, weights[j]!);
  }
}

export interface WindowShape {
  readonly batch: number;
  readonly size: readonly [number, number];
  readonly channels: number;
  readonly heads: number;
  readonly window: readonly [number, number];
  readonly shift: readonly [number, number];
}

/** Shifted-window attention as the paper tells it: roll, label the regions, attend within each window and region, roll back. */
export function windowAttention(
  shape: WindowShape,
  qkv: Float64Array,
  bias: Float64Array,
  keyMask?: Float64Array,
): Float64Array {
  const { batch, size, channels, heads, window, shift } = shape;
  const [height, width] = size;
  const positions = window[0] * window[1];
  const perHead = channels / heads;
  const out = new Float64Array(batch * height * width * channels);
  const label = (at: number, axis: 0 | 1): number => {
    if (shift[axis] === 0) return 0;
    return at < size[axis] - window[axis] ? 0 : at < size[axis] - shift[axis] ? 1 : 2;
  };
  for (let b = 0; b < batch; b++) {
    for (let top = 0; top < height; top += window[0]) {
      for (let left = 0; left < width; left += window[1]) {
        const rolled = Array.from({ length: positions }, (_, i) => [
          top + Math.floor(i / window[1]),
          left + (i % window[1]),
        ]);
        const regions = rolled.map(([y, x]) => `${label(y!, 0)} ${label(x!, 1)}`);
        const cells = rolled.map(
          ([y, x]) => (b * height + ((y! + shift[0]) % height)) * width + ((x! + shift[1]) % width),
        );
        for (let h = 0; h < heads; h++) {
          const part = (p: number) => (i: number) => cells[i]! * 3 * channels + p * channels + h * perHead;
          attendHead(
            { q: qkv, k: qkv, v: qkv },
            { q: part(0), k: part(1), v: part(2) },
            positions,
            positions,
            perHead,
            (i, j, dot) => {
              if (keyMask && keyMask[cells[j]!] === 0) return Number.NEGATIVE_INFINITY;
              return dot + bias[(h * positions + i) * positions + j]! + (regions[i] === regions[j] ? 0 : -100);
            },
            (i, c, value) => {
              out[cells[i]! * channels + h * perHead + c] = value;
            },
          );
        }
      }
    }
  }
  return out;
}

export interface AttentionShape {
  readonly batch: number;
  readonly queries: number;
  readonly keys: number;
  readonly channels: number;
  readonly heads: number;
}

export function attention(
  { batch, queries, keys, channels, heads }: AttentionShape,
  { q, k, v, keyMask, blockMask }: { readonly [name: string]: Float64Array },
): { out: Float64Array; weights: Float64Array } {
  const perHead = channels / heads;
  const out = new Float64Array(batch * queries * channels);
  const weights = new Float64Array(batch * heads * queries * keys);
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < heads; h++) {
      attendHead(
        { q: q!, k: k!, v: v ?? k! },
        {
          q: (i) => (b * queries + i) * channels + h * perHead,
          k: (j) => (b * keys + j) * channels + h * perHead,
          v: (j) => (b * keys + j) * channels + h * perHead,
        },
        queries,
        keys,
        perHead,
        (i, j, dot) =>
          keyMask?.[b * keys + j] === 0 || blockMask?.[i * keys + j] === 0 ? Number.NEGATIVE_INFINITY : dot,
        (i, c, value) => {
          out[(b * queries + i) * channels + h * perHead + c] = value;
        },
        (i, j, weight) => {
          weights[((b * heads + h) * queries + i) * keys + j] = weight;
        },
      );
    }
  }
  return { out, weights };
}
