import type { TensorInfo } from '@tensorflow/tfjs-core';
import { launcherOf } from '../launch/launcher.ts';
import { u32 } from '../launch/shader.ts';
import { replaceKernel } from './replace-kernel.ts';

/**
 * Stock: WGSL's own sin and cos, whose error may be 2^-11 within [-pi, pi] and anything beyond it; position codes are angles up to 2 pi and
 * more. Here the angle is brought to [-pi/4, pi/4] in three steps (Cody & Waite 1980) and a polynomial does the rest: errors below 1e-6 up to
 * 8192 radians.
 */
export function correctSine(): void {
  for (const [name, quarters] of [
    ['Sin', 0],
    ['Cos', 1],
  ] as const) {
    replaceKernel(name, (stock) => (args) => {
      const x = args.inputs.x as TensorInfo;
      const size = x.shape.reduce((a, b) => a * b, 1);
      if (x.dtype !== 'float32' || size === 0) return stock(args);
      const gpu = launcherOf(args.backend);
      const y = gpu.output(x.shape);
      gpu.launch({
        key: `sine ${quarters}`,
        inputs: { x },
        outputs: { y },
        params: { size: u32(size) },
        workgroups: Math.ceil(size / 64),
        code: () => sine(quarters),
      });
      return y;
    });
  }
}

/** sin(x + quarters pi / 2). */
function sine(quarters: 0 | 1): string {
  return `
fn kernel(group: u32, lane: u32) {
  let i = group * 64u + lane;
  if (i >= params.size) { return; }
  let angle = x[i];
  if (!(abs(angle) < 8192.0)) { y[i] = ${quarters === 0 ? 'sin' : 'cos'}(angle); return; }
  let turns = round(angle * 0.63661977236758134);
  let r = ((angle - turns * 1.5703125) - turns * 4.837512969970703e-4) - turns * 7.549789954891882e-8;
  let s = r * r;
  let odd = r + r * s * (-1.6666654611e-1 + s * (8.3321608736e-3 - s * 1.9515295891e-4));
  let even = 1.0 - 0.5 * s + s * s * (4.166664568298827e-2 + s * (-1.388731625493765e-3 + s * 2.443315711809948e-5));
  let quarter = u32(i32(turns)) + ${quarters}u;
  let value = select(odd, even, (quarter & 1u) == 1u);
  y[i] = select(value, -value, (quarter & 2u) == 2u);
}`;
}
