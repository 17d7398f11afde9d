import type { TensorInfo } from '@tensorflow/tfjs-core';
import { f32, type Param, u32 } from '../launch/shader.ts';
import { sumAll } from '../wgsl/reduce.ts';
import { columnSums } from './column-sum.ts';
import { glidKernel, sizeOf } from './glid-kernel.ts';

const lanes = 256;

function paramsOf(x: TensorInfo, { groups, epsilon }: { groups: number; epsilon: number }): Record<string, Param> {
  const [batch, height, width, channels] = x.shape as [number, number, number, number];
  return {
    batch: u32(batch),
    area: u32(height * width),
    channels: u32(channels),
    groups: u32(groups),
    perGroup: u32(channels / groups),
    epsilon: f32(epsilon),
  };
}

/** `statistics(first, lane)` -> mean and reciprocal deviation of the group whose first element is `first`. */
const statistics = `${sumAll(lanes, 'f32')}
fn elementOf(first: u32, e: u32) -> u32 { return first + (e / params.perGroup) * params.channels + e % params.perGroup; }
fn firstOf(group: u32) -> u32 {
  return (group / params.groups) * params.area * params.channels + (group % params.groups) * params.perGroup;
}
fn statistics(first: u32, lane: u32) -> vec2<f32> {
  let size = params.area * params.perGroup;
  var total = 0.0;
  for (var e = lane; e < size; e += ${lanes}u) { total += x[elementOf(first, e)]; }
  let mean = sumAll(lane, total) / f32(size);
  var squares = 0.0;
  for (var e = lane; e < size; e += ${lanes}u) {
    let centred = x[elementOf(first, e)] - mean;
    squares += centred * centred;
  }
  return vec2(mean, inverseSqrt(sumAll(lane, squares) / f32(size) + params.epsilon));
}`;

/** One workgroup for one group of channels of one picture. */
export function registerGroupNorm(): void {
  glidKernel('GlidGroupNorm', (gpu, { x, gamma, beta }, attrs) => {
    const y = gpu.output(x.shape);
    if (sizeOf(x.shape) === 0) return [y];
    gpu.launch({
      key: 'groupNorm',
      inputs: { x, gamma, beta },
      outputs: { y },
      params: paramsOf(x, attrs),
      workgroups: x.shape[0]! * attrs.groups,
      workgroupSize: lanes,
      code: () => `${statistics}
fn kernel(group: u32, lane: u32) {
  if (group >= params.batch * params.groups) { return; }
  let first = firstOf(group);
  let s = statistics(first, lane);
  for (var e = lane; e < params.area * params.perGroup; e += ${lanes}u) {
    let i = elementOf(first, e);
    let c = i % params.channels;
    y[i] = (x[i] - s.x) * s.y * gamma[c] + beta[c];
  }
}`,
    });
    return [y];
  });

  // Each channel's sums of dy and dy * normal come first: weighted with gamma they are also the group's sums.
  glidKernel('GlidGroupNormGrad', (gpu, { dy, x, gamma }, attrs) => {
    const channels = x.shape[3]!;
    const batch = x.shape[0]!;
    const dx = gpu.output(x.shape);
    if (sizeOf(x.shape) === 0) return [dx, gpu.zeros([channels]), gpu.zeros([channels])];
    const partial = gpu.output([batch, 2 * channels]);
    gpu.launch({
      key: 'groupNormGrad',
      inputs: { dy, x, gamma },
      outputs: { dx, partial },
      params: paramsOf(x, attrs),
      workgroups: batch * attrs.groups,
      workgroupSize: lanes,
      code: () => `${statistics}
var<workgroup> slots: array<vec2<f32>, ${lanes}>;
fn kernel(group: u32, lane: u32) {
  if (group >= params.batch * params.groups) { return; }
  let first = firstOf(group);
  let s = statistics(first, lane);
  let picture = group / params.groups;
  let firstChannel = (group % params.groups) * params.perGroup;
  var means = vec2(0.0);
  // Channels in blocks of at most ${lanes}; beside each other in a block, rows of invocations share the pixels.
  for (var begin = 0u; begin < params.perGroup; begin += ${lanes}u) {
    let width = min(${lanes}u, params.perGroup - begin);
    let rows = ${lanes}u / width;
    var sums = vec2(0.0);
    if (lane < rows * width) {
      for (var p = lane / width; p < params.area; p += rows) {
        let i = first + p * params.channels + begin + lane % width;
        sums += vec2(dy[i] * (x[i] - s.x) * s.y, dy[i]);
      }
    }
    slots[lane] = sums;
    workgroupBarrier();
    if (lane < width) {
      for (var r = 1u; r < rows; r++) { sums += slots[r * width + lane]; }
      let c = firstChannel + begin + lane;
      partial[2u * picture * params.channels + c] = sums.x;
      partial[(2u * picture + 1u) * params.channels + c] = sums.y;
      means += sums * gamma[c];
    }
    workgroupBarrier();
  }
  let size = f32(params.area * params.perGroup);
  let along = sumAll(lane, means.x) / size;
  let mean = sumAll(lane, means.y) / size;
  for (var e = lane; e < params.area * params.perGroup; e += ${lanes}u) {
    let i = elementOf(first, e);
    dx[i] = s.y * (dy[i] * gamma[i % params.channels] - mean - (x[i] - s.x) * s.y * along);
  }
}`,
    });
    const dgamma = gpu.output([channels]);
    const dbeta = gpu.output([channels]);
    columnSums(gpu, partial, batch, [dgamma, dbeta]);
    gpu.release(partial);
    return [dx, dgamma, dbeta];
  });
}
