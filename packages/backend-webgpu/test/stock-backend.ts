import { env, findBackendFactory, registerBackend, removeBackend, setBackend } from '@tensorflow/tfjs-core';
import { findGpu } from '../src/find-gpu.ts';
import { requestDevice } from '../src/request-device.ts';

/** Makes TensorFlow.js's own WebGPU backend current, with its own kernels. For a process that has not created ours. */
export async function useStockBackend(): Promise<void> {
  const adapter = (await (await findGpu())!.requestAdapter())!;
  const device = await requestDevice(adapter);
  const stock = await import('@tensorflow/tfjs-backend-webgpu');
  if (findBackendFactory('webgpu')) removeBackend('webgpu');
  registerBackend('webgpu', () => new stock.WebGPUBackend(device, adapter.info));
  if (!(await setBackend('webgpu'))) throw new Error('the stock webgpu backend could not be set');
  env().set('WEBGPU_CPU_FORWARD', false);
}
