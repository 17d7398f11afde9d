import type { HostArray } from '@glid/head-kit';
import { checkpointError } from '../checkpoint-error.ts';
import type { TensorFile } from '../safetensors/read.ts';
import { convolutionKernel, joinRows, transpose } from './layouts.ts';
import type { RenameRule } from './rename-table.ts';
import { resizeRelativePositionTable, windowOfTable } from './resize-table.ts';

/** One of our parameters and the foreign tensors it is made of. */
export interface Renamed {
  readonly rule: RenameRule;
  readonly sources: readonly string[];
  readonly shape: readonly number[];
}

const ranks = { same: 1, linear: 2, convolution: 4, relativePosition: 2 } as const;

/** The shape that a rule makes of its sources' shapes; `GLID_CHECKPOINT` when they do not fit the rule. */
export function convertedShape(
  rule: RenameRule,
  sources: readonly string[],
  file: TensorFile,
  window: number | undefined,
): number[] {
  const shapes = sources.map((name) => file.shape(name));
  const first = shapes[0]!;
  const fail = (reason: string): Error =>
    checkpointError(reason, { file: file.file, tensor: sources[0]!, fix: 'Use an unmodified Swin V1 checkpoint.' });
  if (shapes.some((shape) => shape.length !== ranks[rule.as] || shape.slice(1).join() !== first.slice(1).join())) {
    throw fail(`shape [${first.join(', ')}] is not what '${rule.as}' takes`);
  }
  const rows = shapes.reduce((sum, shape) => sum + shape[0]!, 0);
  if (rule.as === 'same') return [rows];
  if (rule.as === 'linear') return [first[1]!, rows];
  if (rule.as === 'convolution') return [first[2]!, first[3]!, first[1]!, rows];
  const from = windowOfTable(rows);
  if (from === null) throw fail(`${rows} rows are not those of a square window`);
  return [(2 * (window ?? from) - 1) ** 2, first[1]!];
}

/** The values of one of our parameters. */
export function convert({ rule, sources, shape }: Renamed, file: TensorFile): HostArray {
  const parts = sources.map((name) => {
    const { data } = file.tensor(name);
    if (data instanceof Float32Array) return data;
    throw checkpointError('it holds integers', { file: file.file, tensor: name, fix: 'Use floating-point weights.' });
  });
  const data = parts.length === 1 ? parts[0]! : joinRows(parts);
  const foreign = file.shape(sources[0]!);
  if (rule.as === 'linear') return { data: transpose(data, shape[1]!, shape[0]!), shape };
  if (rule.as === 'convolution') return { data: convolutionKernel(data, foreign), shape };
  if (rule.as === 'relativePosition' && foreign[0] !== shape[0]) {
    const from = windowOfTable(foreign[0]!)!;
    const to = windowOfTable(shape[0]!)!;
    return { data: resizeRelativePositionTable(data, foreign[1]!, from, to), shape };
  }
  return { data, shape };
}
