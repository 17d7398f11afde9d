/** Softmax of each row of `[rows, K]` logits on the host, float64. For matching and post-processing, after one read-back. */
export function softmaxRows(logits: ArrayLike<number>, classes: number): Float64Array {
  const out = new Float64Array(logits.length);
  for (let start = 0; start < logits.length; start += classes) {
    const end = start + classes;
    let top = Number.NEGATIVE_INFINITY;
    for (let i = start; i < end; i++) if (logits[i]! > top) top = logits[i]!;
    let sum = 0;
    for (let i = start; i < end; i++) sum += out[i] = Math.exp(logits[i]! - top);
    for (let i = start; i < end; i++) out[i] = out[i]! / sum;
  }
  return out;
}
