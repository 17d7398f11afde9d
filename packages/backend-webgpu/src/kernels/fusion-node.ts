import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { Launcher } from '../launch/launcher.ts';
import { f32, u32 } from '../launch/shader.ts';
import { sumAll } from '../wgsl/reduce.ts';
import { glidKernel, sizeOf } from './glid-kernel.ts';

type Activation = 'swish' | 'none';
type Maps = Readonly<Record<`x${number}`, TensorInfo>>;

/** Workgroups that share the sums over a map. */
const mostGroups = 64;

const each = (count: number, text: (k: number) => string, separator = ''): string =>
  Array.from({ length: count }, (_, k) => text(k)).join(separator);

/** `share(k)`: the normalised weight n_k; `blend(i)`: sum_k n_k x_k at element i. */
function fusion(count: number): string {
  return `
fn positive(k: u32) -> f32 { return max(weights[k], 0.0); }
fn weightSum() -> f32 { return ${each(count, (k) => `positive(${k}u) + `)}params.epsilon; }
fn share(k: u32) -> f32 { return positive(k) / weightSum(); }
fn blend(i: u32) -> f32 { return ${each(count, (k) => `share(${k}u) * x${k}[i]`, ' + ')}; }
fn sigmoid(x: f32) -> f32 { return 1.0 / (1.0 + exp(-x)); }`;
}

function pick(inputs: Maps, count: number): Record<string, TensorInfo> {
  return Object.fromEntries(Array.from({ length: count }, (_, k) => [`x${k}`, inputs[`x${k}`]!]));
}

export function registerFusionNode(): void {
  glidKernel('GlidFusionNode', (gpu, { weights, ...maps }, { count, epsilon, activation }) => {
    const x0 = (maps as Maps).x0!;
    const y = gpu.output(x0.shape);
    const size = sizeOf(x0.shape);
    if (size === 0) return [y];
    gpu.launch({
      key: `fusionNode ${count} ${activation}`,
      inputs: { weights, ...pick(maps as Maps, count) },
      outputs: { y },
      params: { size: u32(size), epsilon: f32(epsilon) },
      workgroups: Math.ceil(size / 64),
      code: () => `${fusion(count)}
fn kernel(group: u32, lane: u32) {
  let i = group * 64u + lane;
  if (i >= params.size) { return; }
  let b = blend(i);
  y[i] = ${activation === 'swish' ? 'b * sigmoid(b)' : 'b'};
}`,
    });
    return [y];
  });

  glidKernel('GlidFusionNodeGrad', (gpu, { dy, weights, ...rest }, { count, epsilon, activation }) => {
    const maps = pick(rest as Maps, count);
    const shape = dy.shape;
    const size = sizeOf(shape);
    const dxs = Array.from({ length: count }, () => gpu.output(shape));
    if (size === 0) return [...dxs, gpu.zeros([count])];
    const groups = Math.min(mostGroups, Math.ceil(size / 64));
    // dy, the weights, the maps and the partial sums are bound beside the outputs of one dispatch.
    const atOnce = Math.max(1, gpu.maxBuffers - count - 3);
    const partials: TensorInfo[] = [];
    for (let first = 0; first < count; first += atOnce) {
      const chosen = Array.from({ length: Math.min(atOnce, count - first) }, (_, i) => first + i);
      const partial = gpu.output([chosen.length, groups]);
      partials.push(partial);
      gpu.launch({
        key: `fusionNodeGrad ${count} ${activation} ${chosen.join()}`,
        inputs: { dy, weights, ...maps },
        outputs: { ...Object.fromEntries(chosen.map((k) => [`dx${k}`, dxs[k]!])), partial },
        params: { size: u32(size), groups: u32(groups), epsilon: f32(epsilon) },
        workgroups: groups,
        code: () => gradientCode(count, activation, chosen),
      });
    }
    const dweights = gpu.output([count]);
    finishWeights(gpu, { weights, dweights, partials }, { count, epsilon, groups, atOnce });
    for (const partial of partials) gpu.release(partial);
    return [...dxs, dweights];
  });
}

/** dx_k = n_k d, and this workgroup's part of sum d x_k, for the chosen k. */
function gradientCode(count: number, activation: Activation, chosen: readonly number[]): string {
  return `${fusion(count)}${sumAll(64, 'f32')}
fn kernel(group: u32, lane: u32) {
  if (group >= params.groups) { return; }
  ${chosen.map((k) => `var sum${k} = 0.0;`).join(' ')}
  for (var i = group * 64u + lane; i < params.size; i += params.groups * 64u) {
    var d = dy[i];
    ${activation === 'swish' ? 'let b = blend(i); let s = sigmoid(b); d *= s * (1.0 + b * (1.0 - s));' : ''}
    ${chosen.map((k) => `dx${k}[i] = d * share(${k}u); sum${k} += d * x${k}[i];`).join('\n    ')}
  }
  ${chosen.map((k, at) => `let total${k} = sumAll(lane, sum${k}); if (lane == 0u) { partial[${at}u * params.groups + group] = total${k}; }`).join('\n  ')}
}`;
}

interface Parts {
  readonly weights: TensorInfo;
  readonly dweights: TensorInfo;
  readonly partials: readonly TensorInfo[];
}

/** From dn_k = sum d x_k: dw_k = (dn_k - sum_j n_j dn_j) / (sum_j relu(w_j) + epsilon) where w_k > 0, else 0. */
function finishWeights(
  gpu: Launcher,
  { weights, dweights, partials }: Parts,
  { count, epsilon, groups, atOnce }: { count: number; epsilon: number; groups: number; atOnce: number },
): void {
  gpu.launch({
    key: `fusionNodeWeights ${count} ${atOnce}`,
    inputs: { weights, ...Object.fromEntries(partials.map((partial, i) => [`partial${i}`, partial])) },
    outputs: { dweights },
    params: { groups: u32(groups), epsilon: f32(epsilon) },
    workgroups: 1,
    workgroupSize: 1,
    code: () => `
fn kernel(group: u32, lane: u32) {
  var dn: array<f32, ${count}>;
  var sum = params.epsilon;
  for (var k = 0u; k < ${count}u; k++) { sum += max(weights[k], 0.0); }
  for (var g = 0u; g < params.groups; g++) {
    ${each(count, (k) => `dn[${k}] += partial${Math.floor(k / atOnce)}[${k % atOnce}u * params.groups + g];`, '\n    ')}
  }
  var mean = 0.0;
  for (var k = 0u; k < ${count}u; k++) { mean += max(weights[k], 0.0) / sum * dn[k]; }
  for (var k = 0u; k < ${count}u; k++) { dweights[k] = select(0.0, (dn[k] - mean) / sum, weights[k] > 0.0); }
}`,
  });
}
