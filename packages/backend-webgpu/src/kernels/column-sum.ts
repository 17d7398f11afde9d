import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { Launcher } from '../launch/launcher.ts';
import { u32 } from '../launch/shader.ts';
import { glidKernel } from './glid-kernel.ts';

/** Columns and rows of one workgroup's block. */
const [across, down] = [32, 8];
/** Rows that one workgroup adds up before a second dispatch is worth it. */
const rowsAtOnce = 512;
const mostParts = 64;

/**
 * Column sums of `x [rows, columns]`, in a fixed order. Long columns are summed in parts first. `into` are one or more tensors
 * whose concatenation has `columns` elements, at most three.
 */
export function columnSums(gpu: Launcher, x: TensorInfo, rows: number, into: readonly TensorInfo[]): void {
  const widths = into.map(({ shape }) => shape.reduce((a, b) => a * b, 1));
  const columns = widths.reduce((a, b) => a + b, 0);
  const parts = Math.min(mostParts, Math.ceil(rows / rowsAtOnce));
  if (parts > 1) {
    const partial = gpu.output([parts, columns]);
    dispatch(gpu, x, rows, columns, parts, [partial], [columns]);
    dispatch(gpu, partial, parts, columns, 1, into, widths);
    gpu.release(partial);
  } else {
    dispatch(gpu, x, rows, columns, 1, into, widths);
  }
}

function dispatch(
  gpu: Launcher,
  x: TensorInfo,
  rows: number,
  columns: number,
  parts: number,
  into: readonly TensorInfo[],
  widths: readonly number[],
): void {
  const blocks = Math.ceil(columns / across);
  const starts = widths.map((_, k) => widths.slice(0, k).reduce((a, b) => a + b, 0));
  gpu.launch({
    key: 'columnSums',
    inputs: { x },
    outputs: Object.fromEntries(into.map((y, k) => [`y${k}`, y])),
    params: {
      rows: u32(rows),
      columns: u32(columns),
      blocks: u32(blocks),
      partRows: u32(Math.ceil(rows / parts)),
      ...Object.fromEntries(starts.map((start, k) => [`start${k}`, u32(start)])),
    },
    workgroups: blocks * parts,
    workgroupSize: across * down,
    code: () => `
var<workgroup> sums: array<f32, ${across * down}>;
fn kernel(group: u32, lane: u32) {
  let column = (group % params.blocks) * ${across}u + lane % ${across}u;
  let part = group / params.blocks;
  let end = min(params.rows, (part + 1u) * params.partRows);
  var total = 0.0;
  if (column < params.columns) {
    for (var row = part * params.partRows + lane / ${across}u; row < end; row += ${down}u) {
      total += x[row * params.columns + column];
    }
  }
  sums[lane] = total;
  workgroupBarrier();
  if (lane >= ${across}u || column >= params.columns) { return; }
  for (var i = 1u; i < ${down}u; i++) { total += sums[i * ${across}u + lane]; }
${into.length === 1 ? '  y0[part * params.columns + column] = total;' : into.map((_, k) => store(k, into.length)).join('\n')}
}`,
  });
}

function store(k: number, count: number): string {
  const below = k + 1 < count ? ` && column < params.start${k + 1}` : '';
  return `  if (column >= params.start${k}${below}) { y${k}[column - params.start${k}] = total; }`;
}

export function registerColumnSum(): void {
  glidKernel('GlidColumnSum', (gpu, { x }) => {
    const [rows, columns] = x.shape as [number, number];
    if (rows === 0) return [gpu.zeros([columns])];
    const y = gpu.output([columns]);
    if (columns > 0) columnSums(gpu, x, rows, [y]);
    return [y];
  });
}
