/** CUDA driver API. Function names carry the version of the C symbol, as cuda.h's macros give them. */
export const driverTable = {
  cuInit: ['u32'],
  cuDriverGetVersion: ['buffer'],
  cuDeviceGetCount: ['buffer'],
  cuDeviceGet: ['buffer', 'i32'],
  cuDeviceGetName: ['buffer', 'i32', 'i32'],
  cuDeviceGetAttribute: ['buffer', 'i32', 'i32'],
  cuDevicePrimaryCtxRetain: ['buffer', 'i32'],
  cuDevicePrimaryCtxRelease_v2: ['i32'],
  cuCtxSetCurrent: ['u64'],
  cuGetErrorName: ['i32', 'buffer'],
  cuGetErrorString: ['i32', 'buffer'],
  cuMemGetInfo_v2: ['buffer', 'buffer'],
  cuMemAlloc_v2: ['buffer', 'u64'],
  cuMemFree_v2: ['u64'],
  cuMemcpyHtoDAsync_v2: ['u64', 'buffer', 'u64', 'u64'],
  cuMemcpyDtoHAsync_v2: ['buffer', 'u64', 'u64', 'u64'],
  cuMemcpyDtoDAsync_v2: ['u64', 'u64', 'u64', 'u64'],
  cuMemsetD8Async: ['u64', 'u8', 'u64', 'u64'],
  cuMemsetD32Async: ['u64', 'u32', 'u64', 'u64'],
  cuStreamCreate: ['buffer', 'u32'],
  cuStreamDestroy_v2: ['u64'],
  cuStreamSynchronize: ['u64'],
  cuStreamBeginCapture_v2: ['u64', 'i32'],
  cuStreamEndCapture: ['u64', 'buffer'],
  cuGraphInstantiateWithFlags: ['buffer', 'u64', 'u64'],
  cuGraphGetNodes: ['u64', 'u64', 'buffer'],
  cuGraphLaunch: ['u64', 'u64'],
  cuGraphDestroy: ['u64'],
  cuGraphExecDestroy: ['u64'],
  cuEventCreate: ['buffer', 'u32'],
  cuEventDestroy_v2: ['u64'],
  cuEventRecord: ['u64', 'u64'],
  cuEventQuery: ['u64'],
  cuModuleLoadDataEx: ['buffer', 'buffer', 'u32', 'u64', 'u64'],
  cuModuleUnload: ['u64'],
  cuModuleGetFunction: ['buffer', 'u64', 'string'],
  cuFuncSetAttribute: ['u64', 'i32', 'i32'],
  cuLaunchKernel: ['u64', 'u32', 'u32', 'u32', 'u32', 'u32', 'u32', 'u32', 'u64', 'u64', 'u64'],
} as const;

/** Numbers of `CUdevice_attribute`. */
export const deviceAttribute = {
  multiprocessors: 16,
  computeCapabilityMajor: 75,
  computeCapabilityMinor: 76,
} as const;

/** Numbers of `CUresult` that are told apart. */
export const cudaResult = { outOfMemory: 2, noDevice: 100, notReady: 600 } as const;
