import { resizeRelativePositionTable, windowOfTable } from '../swin/resize-table.ts';

/** The windows of a relative-position table in the file and in the model, where they differ; null for anything else. */
export function otherWindow(
  name: string,
  fileShape: readonly number[],
  modelShape: readonly number[],
): { readonly from: number; readonly to: number } | null {
  if (!/^encoder\..*\.relativePositionTable$/.test(name) || fileShape.length !== 2) return null;
  const [from, to] = [windowOfTable(fileShape[0]!), windowOfTable(modelShape[0]!)];
  if (from === null || to === null || from === to || fileShape[1] !== modelShape[1]) return null;
  return { from, to };
}

/** The table `[(2w - 1)^2, heads]` for the model's window. */
export function resizedTable(
  data: Float32Array,
  { from, to }: { readonly from: number; readonly to: number },
  shape: readonly number[],
): { readonly data: Float32Array; readonly shape: readonly number[] } {
  return { data: resizeRelativePositionTable(data, shape[1]!, from, to), shape };
}
