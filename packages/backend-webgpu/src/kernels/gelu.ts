import { u32 } from '../launch/shader.ts';
import { normal } from '../wgsl/normal.ts';
import { glidKernel, sizeOf } from './glid-kernel.ts';

/** `x Phi(x)` and its gradient, one invocation an element. */
export function registerGelu(): void {
  glidKernel('GlidGelu', (gpu, { x }) => {
    const y = gpu.output(x.shape);
    const size = sizeOf(x.shape);
    if (size === 0) return [y];
    gpu.launch({
      key: 'gelu',
      inputs: { x },
      outputs: { y },
      params: { size: u32(size) },
      workgroups: Math.ceil(size / 64),
      code: () => `${normal}
fn kernel(group: u32, lane: u32) {
  let i = group * 64u + lane;
  if (i < params.size) { y[i] = x[i] * cumulative(x[i]); }
}`,
    });
    return [y];
  });

  glidKernel('GlidGeluGrad', (gpu, { dy, x }) => {
    const dx = gpu.output(x.shape);
    const size = sizeOf(x.shape);
    if (size === 0) return [dx];
    gpu.launch({
      key: 'geluGrad',
      inputs: { dy, x },
      outputs: { dx },
      params: { size: u32(size) },
      workgroups: Math.ceil(size / 64),
      code: () => `${normal}
fn kernel(group: u32, lane: u32) {
  let i = group * 64u + lane;
  if (i < params.size) { dx[i] = dy[i] * (cumulative(x[i]) + x[i] * density(x[i])); }
}`,
    });
    return [dx];
  });
}
