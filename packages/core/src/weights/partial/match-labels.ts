/** How the rows of a class axis find each other. */
export interface LabelMatch {
  /** For each row of the model the row of the file, or -1: new. */
  readonly rows: readonly number[];
  /** Labels of both. */
  readonly kept: readonly string[];
  /** Labels of the model only. */
  readonly added: readonly string[];
  /** Labels of the file only. */
  readonly dropped: readonly string[];
}

/**
 * Matches the rows of a class axis by label NAME. An axis may be longer than its label list: the rows after the labels ("no object") are
 * carried over in order, and must be as many on both sides. Null when the lengths do not fit the lists.
 */
export function matchLabels(
  modelLabels: readonly string[],
  fileLabels: readonly string[],
  modelLength: number,
  fileLength: number,
): LabelMatch | null {
  const extra = modelLength - modelLabels.length;
  if (extra < 0 || fileLength - fileLabels.length !== extra) return null;
  const rowOf = new Map(fileLabels.map((label, row) => [label, row]));
  const rows = modelLabels.map((label) => rowOf.get(label) ?? -1);
  for (let i = 0; i < extra; i++) rows.push(fileLabels.length + i);
  const inModel = new Set(modelLabels);
  return {
    rows,
    kept: modelLabels.filter((label) => rowOf.has(label)),
    added: modelLabels.filter((label) => !rowOf.has(label)),
    dropped: fileLabels.filter((label) => !inModel.has(label)),
  };
}

/**
 * Row-major values `[outer…, rows, inner…]` with the matched rows of `file` in place of those of `current`.
 * `axis` is the class axis of `shape`, the model's shape; the file's shape differs from it along that axis only.
 */
export function mergeRows(
  current: Float32Array,
  file: Float32Array,
  shape: readonly number[],
  axis: number,
  fileRows: number,
  rows: readonly number[],
): Float32Array {
  const inner = shape.slice(axis + 1).reduce((product, size) => product * size, 1);
  const outer = shape.slice(0, axis).reduce((product, size) => product * size, 1);
  const out = current.slice();
  for (let o = 0; o < outer; o++) {
    for (const [row, from] of rows.entries()) {
      if (from < 0) continue;
      const start = (o * fileRows + from) * inner;
      out.set(file.subarray(start, start + inner), (o * rows.length + row) * inner);
    }
  }
  return out;
}
