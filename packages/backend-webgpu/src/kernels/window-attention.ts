import type { WindowAttentionAttributes } from '@glid/ops';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { f32, type Param, u32 } from '../launch/shader.ts';
import { type AttentionRows, forwardPass, keyPass, lanes, queryPass, rows, vectorWidth } from '../wgsl/attention.ts';
import { columnSums } from './column-sum.ts';
import { glidKernel, sizeOf } from './glid-kernel.ts';

/** Workgroups of the gradient that sum their own share of the bias gradient. */
const mostShares = 512;

interface Sizes {
  readonly channels: number;
  readonly positions: number;
  /** Windows of all pictures. */
  readonly windows: number;
}

function sizesOf(qkv: TensorInfo, { window }: WindowAttentionAttributes): Sizes {
  const [batch, height, width, triple] = qkv.shape as [number, number, number, number];
  const positions = window[0] * window[1];
  return { channels: triple / 3, positions, windows: (batch * height * width) / positions };
}

function paramsOf(qkv: TensorInfo, attrs: WindowAttentionAttributes): Record<string, Param> {
  const { channels, positions, windows } = sizesOf(qkv, attrs);
  const width = vectorWidth(channels / attrs.heads);
  return {
    height: u32(qkv.shape[1]!),
    width: u32(qkv.shape[2]!),
    channels: u32(channels),
    // Vectors a head, and a position.
    groups: u32(channels / attrs.heads / width),
    stride: u32(channels / width),
    heads: u32(attrs.heads),
    windowHeight: u32(attrs.window[0]),
    windowWidth: u32(attrs.window[1]),
    shiftDown: u32(attrs.shift[0]),
    shiftRight: u32(attrs.shift[1]),
    positions: u32(positions),
    windows: u32(windows),
    scale: f32((channels / attrs.heads) ** -0.5),
  };
}

/** A window and a head, addresses and logits. */
function problem(masked: boolean, shifted: boolean): string {
  return `
const hidden = -1e30;
var<private> origin: vec2<u32>;
var<private> picture: u32;
var<private> head: u32;
fn selectWindow(window: u32) {
  let across = params.width / params.windowWidth;
  let each = across * (params.height / params.windowHeight);
  picture = window / each;
  let inside = window % each;
  origin = vec2((inside / across) * params.windowHeight, (inside % across) * params.windowWidth);
}
/** Row and column of a window's position in the rolled map. */
fn rolled(i: u32) -> vec2<u32> { return origin + vec2(i / params.windowWidth, i % params.windowWidth); }
/** The same position in the map itself. */
fn cell(i: u32) -> u32 {
  let at = (rolled(i) + vec2(params.shiftDown, params.shiftRight)) % vec2(params.height, params.width);
  return (picture * params.height + at.x) * params.width + at.y;
}
fn queryAt(i: u32) -> u32 { return cell(i) * 3u * params.stride + head * params.groups; }
fn keyAt(j: u32) -> u32 { return queryAt(j) + params.stride; }
fn valueAt(j: u32) -> u32 { return queryAt(j) + 2u * params.stride; }
fn outAt(i: u32) -> u32 { return cell(i) * params.stride + head * params.groups; }
${shifted ? regions : ''}
fn logit(i: u32, j: u32, dot: f32) -> f32 {
  ${masked ? 'if (keyMask[cell(j)] == 0.0) { return hidden; }' : ''}
  let s = dot * params.scale + bias[(head * params.positions + i) * params.positions + j];
  return ${shifted ? 'select(s - 100.0, s, all(region(i) == region(j)))' : 's'};
}`;
}

/** The shift regions along both axes: [0, L - w), [L - w, L - s), [L - s, L); one where s = 0. */
const regions = `
fn place(position: u32, length: u32, window: u32, shift: u32) -> u32 {
  if (shift == 0u || position < length - window) { return 0u; }
  return select(2u, 1u, position < length - shift);
}
fn region(i: u32) -> vec2<u32> {
  let at = rolled(i);
  return vec2(
    place(at.x, params.height, params.windowHeight, params.shiftDown),
    place(at.y, params.width, params.windowWidth, params.shiftRight),
  );
}`;

function rowsOf(size: number, rolled: boolean): AttentionRows {
  return { size, rolled, from: { q: 'qkv', k: 'qkv', v: 'qkv' } };
}

/** Forward: one workgroup a window and head (for 64 of its queries). */
export function registerWindowAttention(): void {
  glidKernel('GlidWindowAttention', (gpu, { qkv, bias, keyMask }, attrs) => {
    const { channels, positions, windows } = sizesOf(qkv, attrs);
    const [batch, height, width] = qkv.shape as [number, number, number];
    const y = gpu.output([batch, height, width, channels]);
    if (sizeOf(y.shape) === 0) return [y];
    const size = channels / attrs.heads;
    const shape = rowsOf(size, gpu.software);
    const shifted = attrs.shift.some((s) => s > 0);
    const blocks = Math.ceil(positions / lanes);
    gpu.launch({
      key: `windowAttention ${size} ${shifted}`,
      wide: vectorWidth(size) === 4 ? ['qkv', 'y'] : [],
      inputs: { qkv, bias, ...(keyMask && { keyMask }) },
      outputs: { y },
      params: { ...paramsOf(qkv, attrs), blocks: u32(blocks) },
      workgroups: windows * attrs.heads * blocks,
      code: () => `${problem(keyMask !== undefined, shifted)}
${rows(shape)}
${forwardPass(shape)}
fn kernel(group: u32, lane: u32) {
  let window = group / (params.heads * params.blocks);
  if (window >= params.windows) { return; }
  selectWindow(window);
  head = (group / params.blocks) % params.heads;
  let i = (group % params.blocks) * ${lanes}u + lane;
  if (i < params.positions) { forwardPass(i, params.positions); }
}`,
    });
    return [y];
  });

  // A workgroup takes every `shares`-th window of one head, so that it sums its share of the bias gradient by itself.
  glidKernel('GlidWindowAttentionGrad', (gpu, { dy, qkv, bias, keyMask }, attrs) => {
    const { channels, positions, windows } = sizesOf(qkv, attrs);
    if (sizeOf(qkv.shape) === 0) return [gpu.output(qkv.shape), gpu.zeros(bias.shape)];
    const size = channels / attrs.heads;
    const shape = rowsOf(size, gpu.software);
    const shifted = attrs.shift.some((s) => s > 0);
    const shares = Math.min(windows, Math.max(1, Math.floor(mostShares / attrs.heads)));
    const dqkv = gpu.output(qkv.shape);
    const dbias = gpu.output(bias.shape);
    const partial = gpu.output([shares, sizeOf(bias.shape)]);
    gpu.launch({
      key: `windowAttentionGrad ${size} ${shifted} ${positions}`,
      wide: vectorWidth(size) === 4 ? ['qkv', 'dy', 'dqkv'] : [],
      inputs: { dy, qkv, bias, ...(keyMask && { keyMask }) },
      outputs: { dqkv, partial },
      params: { ...paramsOf(qkv, attrs), shares: u32(shares) },
      workgroups: shares * attrs.heads,
      code: () => `${problem(keyMask !== undefined, shifted)}
var<workgroup> statistics: array<vec2<f32>, ${positions}>;
var<private> share: u32;
var<private> opening: bool;
fn dqAt(i: u32) -> u32 { return queryAt(i); }
fn dkAt(j: u32) -> u32 { return keyAt(j); }
fn dvAt(j: u32) -> u32 { return valueAt(j); }
fn keepStatistics(i: u32, row: vec2<f32>) { statistics[i] = row; }
fn statisticsOf(i: u32) -> vec2<f32> { return statistics[i]; }
fn keepLogitGradient(i: u32, j: u32, value: f32) {
  let at = ((share * params.heads + head) * params.positions + i) * params.positions + j;
  partial[at] = select(partial[at], 0.0, opening) + value;
}
${rows(shape)}
${queryPass(shape, 'dqkv')}
${keyPass(shape, 'dqkv', 'dqkv')}
fn kernel(group: u32, lane: u32) {
  if (group >= params.shares * params.heads) { return; }
  let ownShare = group / params.heads;
  share = ownShare;
  head = group % params.heads;
  for (var window = ownShare; window < params.windows; window += params.shares) {
    selectWindow(window);
    opening = window == ownShare;
    for (var i = lane; i < params.positions; i += ${lanes}u) { queryPass(i, params.positions); }
    workgroupBarrier();
    for (var j = lane; j < params.positions; j += ${lanes}u) { keyPass(j, params.positions); }
    workgroupBarrier();
  }
}`,
    });
    columnSums(gpu, partial, shares, [dbias]);
    gpu.release(partial);
    return [dqkv, dbias];
  });
}
