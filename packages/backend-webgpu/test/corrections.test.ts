import '@glid/ops/gradients';
import { attention, fusionNode, type GlidBackend, glidKernelNames, hasGlidKernel } from '@glid/ops';
import { expectClose } from '@glid/test-utils';
import {
  cos,
  backend as currentBackend,
  enableProdMode,
  engine,
  env,
  grads,
  matMul,
  setBackend,
  sin,
  sum,
  type Tensor,
  type Tensor1D,
  type Tensor3D,
  type Tensor4D,
  tensor,
  tidy,
  unsortedSegmentSum,
} from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkCase, opCases } from '../../ops/test/suite/index.ts';
import { findGpu } from '../src/find-gpu.ts';
import { webgpu } from '../src/index.ts';
import { launcherOf } from '../src/launch/launcher.ts';
import { corrections } from './corrections.ts';

enableProdMode();
const gpu = await findGpu();
const adapter = await gpu?.requestAdapter().catch(() => null);
const wave = (n: number, phase = 0): Float32Array =>
  Float32Array.from({ length: n }, (_, i) => Math.sin(1.3 * i * (1 + 0.013 * i) + phase));

describe.skipIf(!adapter)('kernels of this package (needs a Vulkan driver, software will do)', () => {
  let backend: GlidBackend;
  beforeAll(async () => {
    backend = await webgpu({ allowSoftware: true }).create();
    expect(await setBackend('webgpu')).toBe(true);
    env().set('WEBGPU_CPU_FORWARD', false);
  });
  afterAll(() => backend.dispose());

  it.each(corrections.map((c) => [c.name, c] as const))('corrected: %s', async (_, c) => {
    const before = engine().memory().numTensors;
    const y = tidy(() => c.run());
    expectClose((await y.data()) as Float32Array, c.expected(), c.tolerance, c.name);
    y.dispose();
    expect(engine().memory().numTensors).toBe(before);
  });

  it('there is one for every contract but that of matching and those that only spare launches, which are composed', () => {
    expect(glidKernelNames.filter((name) => !hasGlidKernel(name)).sort()).toEqual([
      'GlidFuseAndMix',
      'GlidLinearAdd',
      'GlidLinears',
      'GlidMaskContest',
      'GlidMaskCosts',
      'GlidMaskReadout',
      'GlidRelativeWindowAttention',
      'GlidSquaresNorm',
    ]);
  });

  it('long products with small results have the same bits in every run, and are right', async () => {
    const [m, k, n] = [8, 4099, 12] as const;
    const [a, b] = [wave(m * k), wave(k * n, 1)];
    const [x, y] = [tensor(a, [m, k]), tensor(b, [k, n])];
    const first = (await matMul(x, y).data()) as Float32Array;
    for (let i = 0; i < 3; i++) expect(await matMul(x, y).data()).toEqual(first);
    const expected = new Float64Array(m * n);
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        for (let c = 0; c < k; c++) expected[i * n + j]! += a[i * k + c]! * b[c * n + j]!;
      }
    }
    expectClose(first, expected, 1e-3);
  });

  it('sine and cosine are right far beyond one turn', async () => {
    const angles = Float32Array.from({ length: 400 }, (_, i) => (i - 200) * 1.37 + (i % 7 === 0 ? 3000 : 0));
    const expected = (f: (x: number) => number): number[] => Array.from(angles, f);
    expectClose((await sin(tensor(angles)).data()) as Float32Array, expected(Math.sin), 1e-6);
    expectClose((await cos(tensor(angles)).data()) as Float32Array, expected(Math.cos), 1e-6);
  });

  it('float segment sums have the same bits in every run', async () => {
    const x = tensor(wave(600), [300, 2]);
    const ids = tensor1dOf(300, (i) => (i * i) % 3);
    const first = await unsortedSegmentSum(x, ids, 3).data();
    for (let i = 0; i < 3; i++) expect(await unsortedSegmentSum(x, ids, 3).data()).toEqual(first);
  });

  it('one launch forward, two backward, for any length of attention', async () => {
    const [q, k] = [tensor(wave(2 * 70 * 8), [2, 70, 8]), tensor(wave(2 * 130 * 8), [2, 130, 8])];
    const launcher = launcherOf(currentBackend());
    const run = (x: Tensor, y: Tensor): Tensor => attention(x as Tensor3D, y as Tensor3D, y as Tensor3D, { heads: 2 });
    let before = launcher.launches;
    run(q, k);
    expect(launcher.launches - before).toBe(1);
    before = launcher.launches;
    grads((x, y) => sum(run(x!, y!)))([q, k]);
    expect(launcher.launches - before).toBe(3);
  });
});

describe.skipIf(!adapter)('other devices', () => {
  it('a device of the application, with the smallest limits that WebGPU allows, fuses three maps', async () => {
    const device = await adapter!.requestDevice();
    expect(device.limits.maxStorageBuffersPerShaderStage).toBe(8);
    const backend = await webgpu({ device }).create();
    expect(await setBackend('webgpu')).toBe(true);
    env().set('WEBGPU_CPU_FORWARD', false);
    const shape: [number, number, number, number] = [1, 3, 5, 4];
    const maps = [0, 1, 2].map((phase) => tensor(wave(60, phase), shape) as Tensor4D);
    const weights = tensor([0.7, 0.3, 1.9]) as Tensor1D;
    const all = grads((...xs: Tensor[]) => sum(fusionNode(xs.slice(0, 3) as Tensor4D[], xs[3] as Tensor1D)))([
      ...maps,
      weights,
    ]);
    expect((await all[3]!.data()).every(Number.isFinite)).toBe(true);
    for (const c of opCases.filter(({ op }) => op === 'fusionNode' || op === 'adamwStep')) await checkCase(c);
    await backend.dispose();
    expect(await Promise.race([device.lost, Promise.resolve('alive')])).toBe('alive');
    device.destroy();
  });

  it('the loops that a GPU gets written out give the same numbers', async () => {
    const backend = await webgpu({ allowSoftware: true }).create();
    expect(await setBackend('webgpu')).toBe(true);
    env().set('WEBGPU_CPU_FORWARD', false);
    const launcher = launcherOf(currentBackend()) as { software: boolean };
    launcher.software = false;
    const some = [
      'windowAttention: shifted along both axes',
      'attention: key padding',
      'linear: [5, 7] -> 3, no activation, bias',
    ];
    const chosen = opCases.filter(({ id }) => some.includes(id));
    expect(chosen.length).toBe(3);
    for (const c of chosen) await checkCase(c);
    await backend.dispose();
  });
});

function tensor1dOf(length: number, value: (i: number) => number): Tensor1D {
  return tensor(
    Int32Array.from({ length }, (_, i) => value(i)),
    [length],
    'int32',
  ) as Tensor1D;
}
