import type { TensorInfo } from '@tensorflow/tfjs-core';
import { f32, type Param, u32 } from '../launch/shader.ts';
import { type AttentionRows, forwardPass, keyPass, lanes, queryPass, rows, vectorWidth } from '../wgsl/attention.ts';
import { glidKernel, sizeOf } from './glid-kernel.ts';

interface Sizes {
  readonly batch: number;
  readonly queries: number;
  readonly keys: number;
  readonly channels: number;
  readonly heads: number;
}

interface Masks {
  readonly keyMask?: TensorInfo;
  readonly blockMask?: TensorInfo;
}

function sizesOf(q: TensorInfo, k: TensorInfo, heads: number): Sizes {
  const [batch, queries, channels] = q.shape as [number, number, number];
  return { batch, queries, keys: k.shape[1]!, channels, heads };
}

function paramsOf({ queries, keys, channels, heads }: Sizes): Record<string, Param> {
  return {
    queries: u32(queries),
    keys: u32(keys),
    // Vectors a head, and a row.
    groups: u32(channels / heads / vectorWidth(channels / heads)),
    stride: u32(channels / vectorWidth(channels / heads)),
    heads: u32(heads),
    scale: f32((channels / heads) ** -0.5),
  };
}

function present({ keyMask, blockMask }: Masks): Record<string, TensorInfo> {
  return { ...(keyMask && { keyMask }), ...(blockMask && { blockMask }) };
}

function rowsOf(size: number, rolled: boolean): AttentionRows {
  return { size, rolled, from: { q: 'q', k: 'k', v: 'v' } };
}

/** Picture and head that a workgroup serves, addresses and logits. */
function problem({ keyMask, blockMask }: Masks): string {
  return `
const hidden = -1e30;
var<private> picture: u32;
var<private> head: u32;
fn rowOf(position: u32) -> u32 { return position * params.stride + head * params.groups; }
fn queryAt(i: u32) -> u32 { return rowOf(picture * params.queries + i); }
fn keyAt(j: u32) -> u32 { return rowOf(picture * params.keys + j); }
fn valueAt(j: u32) -> u32 { return keyAt(j); }
fn outAt(i: u32) -> u32 { return queryAt(i); }
fn logit(i: u32, j: u32, dot: f32) -> f32 {
  ${keyMask ? 'if (keyMask[picture * params.keys + j] == 0.0) { return hidden; }' : ''}
  ${blockMask ? 'if (blockMask[i * params.keys + j] == 0.0) { return hidden; }' : ''}
  return dot * params.scale;
}
/** The block of rows of this workgroup; pictures and heads are selected on the way. */
fn selectProblem(group: u32, blocks: u32) -> u32 {
  picture = group / (blocks * params.heads);
  head = (group / blocks) % params.heads;
  return (group % blocks) * ${lanes}u;
}`;
}

/** One workgroup for 64 queries (or keys) of one head of one picture. */
export function registerAttention(): void {
  glidKernel('GlidAttention', (gpu, { q, k, v, keyMask, blockMask }, { heads }) => {
    const sizes = sizesOf(q, k, heads);
    if (sizes.keys === 0) return [gpu.zeros(q.shape)];
    const y = gpu.output(q.shape);
    if (sizeOf(q.shape) === 0) return [y];
    const size = sizes.channels / heads;
    const shape = rowsOf(size, gpu.software);
    const masks = { ...(keyMask && { keyMask }), ...(blockMask && { blockMask }) };
    const blocks = Math.ceil(sizes.queries / lanes);
    gpu.launch({
      key: `attention ${size}`,
      wide: vectorWidth(size) === 4 ? ['q', 'k', 'v', 'y'] : [],
      inputs: { q, k, v, ...present(masks) },
      outputs: { y },
      params: { ...paramsOf(sizes), blocks: u32(blocks), workgroups: u32(blocks * sizes.batch * heads) },
      workgroups: blocks * sizes.batch * heads,
      code: () => `${problem(masks)}${rows(shape)}${forwardPass(shape)}
fn kernel(group: u32, lane: u32) {
  if (group >= params.workgroups) { return; }
  let i = selectProblem(group, params.blocks) + lane;
  if (i < params.queries) { forwardPass(i, params.keys); }
}`,
    });
    return [y];
  });

  glidKernel('GlidAttentionGrad', (gpu, { dy, q, k, v, keyMask, blockMask }, { heads }) => {
    const sizes = sizesOf(q, k, heads);
    const { batch, queries, keys } = sizes;
    if (sizeOf(q.shape) === 0 || sizeOf(k.shape) === 0) {
      return [gpu.zeros(q.shape), gpu.zeros(k.shape), gpu.zeros(v.shape)];
    }
    const size = sizes.channels / heads;
    const shape = rowsOf(size, gpu.software);
    const masks = { ...(keyMask && { keyMask }), ...(blockMask && { blockMask }) };
    const [dq, dk, dv] = [gpu.output(q.shape), gpu.output(k.shape), gpu.output(v.shape)];
    const statistics = gpu.output([batch * heads * queries, 2]);
    const statisticsAt = '2u * ((picture * params.heads + head) * params.queries + i)';
    const queryBlocks = Math.ceil(queries / lanes);
    gpu.launch({
      key: `attentionQueryGrad ${size}`,
      wide: vectorWidth(size) === 4 ? ['q', 'k', 'v', 'dy', 'dq'] : [],
      inputs: { dy, q, k, v, ...present(masks) },
      outputs: { dq, statistics },
      params: { ...paramsOf(sizes), blocks: u32(queryBlocks), workgroups: u32(queryBlocks * batch * heads) },
      workgroups: queryBlocks * batch * heads,
      code: () => `${problem(masks)}
fn dqAt(i: u32) -> u32 { return queryAt(i); }
fn keepStatistics(i: u32, row: vec2<f32>) {
  let at = ${statisticsAt};
  statistics[at] = row.x;
  statistics[at + 1u] = row.y;
}
${rows(shape)}
${queryPass(shape, 'dq')}
fn kernel(group: u32, lane: u32) {
  if (group >= params.workgroups) { return; }
  let i = selectProblem(group, params.blocks) + lane;
  if (i < params.queries) { queryPass(i, params.keys); }
}`,
    });
    const keyBlocks = Math.ceil(keys / lanes);
    gpu.launch({
      key: `attentionKeyGrad ${size}`,
      wide: vectorWidth(size) === 4 ? ['q', 'k', 'v', 'dy', 'dk', 'dv'] : [],
      inputs: { dy, q, k, v, statistics, ...(keyMask && { keyMask }), ...(blockMask && { blockMask }) },
      outputs: { dk, dv },
      params: { ...paramsOf(sizes), blocks: u32(keyBlocks), workgroups: u32(keyBlocks * batch * heads) },
      workgroups: keyBlocks * batch * heads,
      code: () => `${problem(masks)}
fn dkAt(j: u32) -> u32 { return keyAt(j); }
fn dvAt(j: u32) -> u32 { return keyAt(j); }
fn statisticsOf(i: u32) -> vec2<f32> {
  let at = ${statisticsAt};
  return vec2(statistics[at], statistics[at + 1u]);
}
fn keepLogitGradient(i: u32, j: u32, value: f32) {}
${rows(shape)}
${keyPass(shape, 'dk', 'dv')}
fn kernel(group: u32, lane: u32) {
  if (group >= params.workgroups) { return; }
  let j = selectProblem(group, params.blocks) + lane;
  if (j < params.keys) { keyPass(j, params.queries); }
}`,
    });
    gpu.release(statistics);
    return [dq, dk, dv];
  });
}
