import { type CudaGlidBackend, cuda, type Precision } from '@glid/backend-cuda';
import { setBackend } from '@tensorflow/tfjs-core';

/** The CUDA backend, active. Kernels that were compiled once are kept beside the pack. */
export async function openCuda(precision: Precision): Promise<CudaGlidBackend> {
  const backend = await cuda({ precision, ...(process.env.GLID_CUDA_CACHE ? {} : { cacheFolder: false }) }).create();
  if (!(await setBackend('cuda'))) throw new Error('the CUDA backend does not start');
  return backend;
}
