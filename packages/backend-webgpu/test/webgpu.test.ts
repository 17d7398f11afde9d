import { GlidError } from '@glid/base';
import type { GlidBackend } from '@glid/ops';
import { env, matMul, ones, setBackend, square, tensor, transpose, unsortedSegmentSum } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findGpu } from '../src/find-gpu.ts';
import { webgpu } from '../src/index.ts';

const adapter = await (await findGpu())?.requestAdapter().catch(() => null);

describe.skipIf(!adapter)('WebGPU in Node (needs a Vulkan driver, software will do)', () => {
  let backend: GlidBackend;
  const start = async () => {
    backend = await webgpu({ allowSoftware: true }).create();
    expect(await setBackend('webgpu')).toBe(true);
    env().set('WEBGPU_CPU_FORWARD', false); // small tensors would otherwise be computed in JavaScript
  };
  beforeAll(start);
  afterAll(() => backend.dispose());

  it('refuses a software adapter unless told otherwise', async () => {
    const probe = await webgpu().probe();
    if (/llvmpipe|swiftshader|lavapipe/i.test(backend.description)) {
      expect(probe).toMatchObject({ ok: false, reason: expect.stringContaining('allowSoftware') });
    } else {
      expect(probe).toEqual({ ok: true });
    }
    expect(await webgpu({ allowSoftware: true }).probe()).toEqual({ ok: true });
  });

  it('multiplies', async () => {
    const product = matMul(tensor([1, 2, 3, 4], [2, 2]), tensor([5, 6, 7, 8], [2, 2]));
    expect(Array.from(await product.data())).toEqual([19, 22, 43, 50]);
  });

  it.each(['int32', 'bool', 'float32'] as const)('transposes %s of rank 3 and 4', async (dtype) => {
    const values = Array.from({ length: 24 }, (_, i) => (dtype === 'bool' ? (i * 7) % 3 === 0 : i) as number);
    const x = await transpose(tensor(values, [2, 3, 4], dtype), [2, 0, 1]).data();
    const y = await transpose(tensor(values, [2, 3, 2, 2], dtype), [3, 1, 0, 2]).data();
    const at3 = (k: number, i: number, j: number) => Number(values[(i * 3 + j) * 4 + k]);
    const at4 = (l: number, j: number, i: number, k: number) => Number(values[((i * 3 + j) * 2 + k) * 2 + l]);
    const expected3: number[] = [];
    for (let k = 0; k < 4; k++) for (let i = 0; i < 2; i++) for (let j = 0; j < 3; j++) expected3.push(at3(k, i, j));
    const expected4: number[] = [];
    for (let l = 0; l < 2; l++)
      for (let j = 0; j < 3; j++)
        for (let i = 0; i < 2; i++) for (let k = 0; k < 2; k++) expected4.push(at4(l, j, i, k));
    expect(Array.from(x)).toEqual(expected3);
    expect(Array.from(y)).toEqual(expected4);
  });

  it.each(['int32', 'float32'] as const)('sums segments of %s', async (dtype) => {
    const x = tensor([1, 2, 3, 4, 5, 6, 7, 8], [4, 2], dtype);
    const sums = unsortedSegmentSum(x, tensor([2, 0, 2, 5], [4], 'int32') as never, 4);
    expect(Array.from(await sums.data())).toEqual([3, 4, 0, 0, 6, 8, 0, 0]);
  });

  it('refuses a synchronous read', () => {
    const y = square(ones([64, 64]));
    expect(() => y.dataSync()).toThrow(expect.objectContaining({ code: 'GLID_USAGE' }));
  });

  it('refuses a tensor over the binding limit instead of returning zeros', () => {
    const limit = adapter!.limits.maxStorageBufferBindingSize;
    expect(() => square(ones([Math.floor(limit / 4 / 1024) + 1, 1024]))).toThrow(
      expect.objectContaining({ code: 'GLID_LIMIT' }),
    );
  });

  it('turns device loss into a typed error, and works again on a new device', async () => {
    const { device } = (await import('@tensorflow/tfjs-core')).backend() as unknown as { device: GPUDevice };
    const y = square(ones([32, 32]));
    device.destroy();
    await expect(y.data()).rejects.toSatisfy((error) => GlidError.isInstance(error, 'GLID_DEVICE_LOST'));
    expect(GlidError.isInstance(await backend.lost, 'GLID_DEVICE_LOST')).toBe(true);
    await backend.dispose();
    await start();
    expect((await square(tensor([3])).data())[0]).toBe(9);
  });

  it('turns a refused command into a typed error at the next read', async () => {
    const gpu = (await import('@tensorflow/tfjs-core')).backend() as unknown as {
      runWebGPUProgram(program: unknown, inputs: unknown[], dtype: string): { dataId: object };
      read(id: object): Promise<unknown>;
    };
    const program = {
      outputShape: [4],
      variableNames: ['x'],
      workgroupSize: [64, 1, 1],
      dispatchLayout: { x: [0] },
      dispatch: [1, 1, 1],
      shaderKey: 'planted-error',
      getUserCode: () => 'fn main(index : i32) { result[index] = nosuch; }',
    };
    const { dataId } = gpu.runWebGPUProgram(program, [tensor([1, 2, 3, 4])], 'float32');
    await expect(gpu.read(dataId)).rejects.toSatisfy((error) => GlidError.isInstance(error, 'GLID_DEVICE_ERROR'));
    await backend.dispose();
    await start();
  });
});
