import type { TensorInfo } from '@tensorflow/tfjs-core';
import { f32, u32 } from '../launch/shader.ts';
import { sumAll } from '../wgsl/reduce.ts';
import { glidKernel, sizeOf } from './glid-kernel.ts';

/** Workgroups a tensor whose squares are summed. */
const partsEach = 16;

export function registerOptimiser(): void {
  // As many tensors a dispatch as can be bound beside the partial sums; one dispatch more adds these up.
  glidKernel('GlidGlobalNorm', (gpu, inputs, { count }) => {
    const all = Array.from({ length: count }, (_, i) => inputs[`x${i}`]!).filter((x) => sizeOf(x.shape) > 0);
    if (all.length === 0) return [gpu.zeros([])];
    const atOnce = Math.min(8, gpu.maxBuffers) - 1;
    const dispatches = Math.ceil(all.length / atOnce);
    const partial = gpu.output([dispatches * atOnce * partsEach]);
    for (let d = 0; d < dispatches; d++) {
      const some = Array.from({ length: atOnce }, (_, k) => all[d * atOnce + k]);
      gpu.launch({
        key: 'squareSums',
        // The last dispatch binds a tensor again in places that it leaves out.
        inputs: Object.fromEntries(some.map((x, k) => [`x${k}`, x ?? all[0]!])),
        outputs: { partial },
        params: {
          offset: u32(d * atOnce * partsEach),
          ...Object.fromEntries(some.map((x, k) => [`size${k}`, u32(x === undefined ? 0 : sizeOf(x.shape))])),
        },
        workgroups: partsEach * atOnce,
        workgroupSize: 256,
        code: () => `${sumAll(256, 'f32')}
fn kernel(group: u32, lane: u32) {
  if (group >= ${partsEach * atOnce}u) { return; }
  let first = (group % ${partsEach}u) * 256u + lane;
  var total = 0.0;
  switch group / ${partsEach}u {
    ${some.map((_, k) => `case ${k}u: { for (var i = first; i < params.size${k}; i += ${256 * partsEach}u) { total += x${k}[i] * x${k}[i]; } }`).join('\n    ')}
    default: {}
  }
  let sum = sumAll(lane, total);
  if (lane == 0u) { partial[params.offset + group] = sum; }
}`,
      });
    }
    const norm = gpu.output([]);
    gpu.launch({
      key: 'rootOfSum',
      inputs: { partial },
      outputs: { norm },
      params: { size: u32(dispatches * atOnce * partsEach) },
      workgroups: 1,
      workgroupSize: 256,
      code: () => `${sumAll(256, 'f32')}
fn kernel(group: u32, lane: u32) {
  var total = 0.0;
  for (var i = lane; i < params.size; i += 256u) { total += partial[i]; }
  let sum = sumAll(lane, total);
  if (lane == 0u) { norm[0] = sqrt(sum); }
}`,
    });
    gpu.release(partial);
    return [norm];
  });

  // One dispatch a parameter: its four inputs and three outputs fill the eight buffers that every device binds.
  glidKernel('GlidAdamW', (gpu, inputs, attrs) => {
    const { count, learningRates, weightDecays, beta1, beta2, epsilon, step } = attrs;
    const { gradientScale } = inputs;
    const correction1 = 1 - beta1 ** step;
    const correction2 = Math.sqrt(1 - beta2 ** step);
    const next: Record<'p' | 'm' | 'v', TensorInfo[]> = { p: [], m: [], v: [] };
    for (let i = 0; i < count; i++) {
      const [p, g, m, v] = (['p', 'g', 'm', 'v'] as const).map((kind) => inputs[`${kind}${i}`]!) as [
        TensorInfo,
        TensorInfo,
        TensorInfo,
        TensorInfo,
      ];
      const made = { p: gpu.output(p.shape), m: gpu.output(p.shape), v: gpu.output(p.shape) };
      for (const kind of ['p', 'm', 'v'] as const) next[kind].push(made[kind]);
      const size = sizeOf(p.shape);
      if (size === 0) continue;
      gpu.launch({
        key: 'adamW',
        inputs: { p, g, m, v, ...(gradientScale && { gradientScale }) },
        outputs: { newP: made.p, newM: made.m, newV: made.v },
        params: {
          size: u32(size),
          keep: f32(1 - learningRates[i]! * weightDecays[i]!),
          rate: f32(learningRates[i]! / correction1),
          beta1: f32(beta1),
          beta2: f32(beta2),
          rest1: f32(1 - beta1),
          rest2: f32(1 - beta2),
          root: f32(1 / correction2),
          epsilon: f32(epsilon),
        },
        workgroups: Math.ceil(size / 64),
        code: () => `
fn kernel(group: u32, lane: u32) {
  let i = group * 64u + lane;
  if (i >= params.size) { return; }
  let gradient = g[i]${gradientScale ? ' * gradientScale[0]' : ''};
  let first = params.beta1 * m[i] + params.rest1 * gradient;
  let second = params.beta2 * v[i] + params.rest2 * gradient * gradient;
  newM[i] = first;
  newV[i] = second;
  newP[i] = p[i] * params.keep - params.rate * first / (sqrt(second) * params.root + params.epsilon);
}`,
      });
    }
    return [...next.p, ...next.m, ...next.v];
  });
}
