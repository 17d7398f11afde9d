import { f32, u32 } from '../launch/shader.ts';
import { sumAll } from '../wgsl/reduce.ts';
import { columnSums } from './column-sum.ts';
import { glidKernel, sizeOf } from './glid-kernel.ts';

/** Rows that one workgroup of the gradient takes, at least; more when there are very many. */
const rowsAtLeast = 8;
const mostGroups = 512;

/** `statistics(row, lane)` -> mean and reciprocal deviation of a row: the mean first, then squares of what is left. */
const statistics = `${sumAll(64, 'vec2<f32>')}
fn statistics(row: u32, lane: u32) -> vec2<f32> {
  let channels = params.channels;
  var total = 0.0;
  for (var c = lane; c < channels; c += 64u) { total += x[row * channels + c]; }
  let mean = sumAll(lane, vec2(total, 0.0)).x / f32(channels);
  var squares = 0.0;
  for (var c = lane; c < channels; c += 64u) {
    let centred = x[row * channels + c] - mean;
    squares += centred * centred;
  }
  let variance = sumAll(lane, vec2(squares, 0.0)).x / f32(channels);
  return vec2(mean, inverseSqrt(variance + params.epsilon));
}`;

/** One workgroup a row; in the gradient several rows, so that it also sums their share of dgamma and dbeta. */
export function registerLayerNorm(): void {
  glidKernel('GlidLayerNorm', (gpu, { x, gamma, beta }, { epsilon }) => {
    const y = gpu.output(x.shape);
    const channels = x.shape.at(-1)!;
    const size = sizeOf(x.shape);
    if (size === 0) return [y];
    gpu.launch({
      key: 'layerNorm',
      inputs: { x, gamma, beta },
      outputs: { y },
      params: { rows: u32(size / channels), channels: u32(channels), epsilon: f32(epsilon) },
      workgroups: size / channels,
      code: () => `${statistics}
fn kernel(row: u32, lane: u32) {
  if (row >= params.rows) { return; }
  let s = statistics(row, lane);
  for (var c = lane; c < params.channels; c += 64u) {
    let i = row * params.channels + c;
    y[i] = (x[i] - s.x) * s.y * gamma[c] + beta[c];
  }
}`,
    });
    return [y];
  });

  glidKernel('GlidLayerNormGrad', (gpu, { dy, x, gamma }, { epsilon }) => {
    const dx = gpu.output(x.shape);
    const channels = x.shape.at(-1)!;
    const size = sizeOf(x.shape);
    if (size === 0) return [dx, gpu.zeros([channels]), gpu.zeros([channels])];
    const rows = size / channels;
    const groupRows = Math.max(rowsAtLeast, Math.ceil(rows / mostGroups));
    const groups = Math.ceil(rows / groupRows);
    const partial = gpu.output([groups, 2 * channels]);
    gpu.launch({
      key: 'layerNormGrad',
      inputs: { dy, x, gamma },
      outputs: { dx, partial },
      params: { rows: u32(rows), channels: u32(channels), groupRows: u32(groupRows), epsilon: f32(epsilon) },
      workgroups: groups,
      code: () => `${statistics}
fn kernel(group: u32, lane: u32) {
  let channels = params.channels;
  let first = group * params.groupRows;
  if (first >= params.rows) { return; }
  for (var row = first; row < min(params.rows, first + params.groupRows); row++) {
    let s = statistics(row, lane);
    var moments = vec2(0.0);
    for (var c = lane; c < channels; c += 64u) {
      let i = row * channels + c;
      let d = dy[i] * gamma[c];
      moments += vec2(d, d * (x[i] - s.x) * s.y);
    }
    let mean = sumAll(lane, moments) / f32(channels);
    for (var c = lane; c < channels; c += 64u) {
      let i = row * channels + c;
      let standard = (x[i] - s.x) * s.y;
      dx[i] = s.y * (dy[i] * gamma[c] - mean.x - standard * mean.y);
      // An element of the partial sums belongs to one invocation: no barrier is needed.
      let at = 2u * group * channels + c;
      let before = select(vec2(partial[at], partial[at + channels]), vec2(0.0), row == first);
      partial[at] = before.x + dy[i] * standard;
      partial[at + channels] = before.y + dy[i];
    }
  }
}`,
    });
    const dgamma = gpu.output([channels]);
    const dbeta = gpu.output([channels]);
    columnSums(gpu, partial, groups, [dgamma, dbeta]);
    gpu.release(partial);
    return [dx, dgamma, dbeta];
  });
}
