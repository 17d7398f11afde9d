import { describe, expect, it } from 'vitest';
import { cublasError, driverError, isFatal } from './errors.ts';

describe('errors of the driver', () => {
  it.each([
    [2, 'GLID_OUT_OF_MEMORY', /smaller batches/],
    [46, 'GLID_BACKEND_UNAVAILABLE', /Another process holds the GPU/],
    [100, 'GLID_BACKEND_UNAVAILABLE', /nvidia-smi/],
    [222, 'GLID_DEVICE_ERROR', /an NVRTC that knows this GPU/],
    [214, 'GLID_DEVICE_LOST', /^Dispose.*new process/],
    [700, 'GLID_DEVICE_LOST', /CUDA_LAUNCH_BLOCKING=1.*new process/],
    [719, 'GLID_DEVICE_LOST', /A kernel faulted/],
    [802, 'GLID_BACKEND_UNAVAILABLE', /fabricmanager/],
    [803, 'GLID_BACKEND_UNAVAILABLE', /restart/],
    [1, 'GLID_DEVICE_ERROR', /Report it/],
  ])('%d is %s and says what to do', (number, code, fix) => {
    const error = driverError(number, 'cuSomething', 'CUDA_ERROR_SO', 'its words', '/lib/libcuda.so.1');
    expect(error.code).toBe(code);
    expect(error.fix).toMatch(fix);
    expect(error.message).toMatch(new RegExp(`cuSomething failed with CUDA_ERROR_SO, ${number} \\(its words\\)`));
    expect(error.details).toMatchObject({ code: number, library: '/lib/libcuda.so.1' });
    expect(isFatal(number)).toBe(code === 'GLID_DEVICE_LOST');
    expect(error.message).toContain('The driver is /lib/libcuda.so.1.');
  });
});

describe('errors of cuBLASLt', () => {
  it.each([
    [1, 'GLID_DEVICE_ERROR', /one major version/],
    [3, 'GLID_OUT_OF_MEMORY', /no memory for itself/],
    [8, 'GLID_DEVICE_ERROR', /newer one/],
    [15, 'GLID_DEVICE_ERROR', /another `precision`/],
    [14, 'GLID_DEVICE_ERROR', /report it/],
  ])('%d is %s and says what to do', (number, code, fix) => {
    const error = cublasError(number, 'cublasLtMatmul', '/lib/libcublasLt.so.13');
    expect(error.code).toBe(code);
    expect(error.fix).toMatch(fix);
    expect(error.message).toMatch(/cublasStatus \d+; cuBLASLt is \/lib\/libcublasLt\.so\.13/);
  });
});
