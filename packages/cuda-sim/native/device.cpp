// Initialisation, the device's properties, its context, names of errors.
#include <cstdio>
#include <map>

#include "cudasim.h"

using namespace sim;

namespace {
bool initialised = false;
int context;
}  // namespace

CUDASIM_API int cuInit(unsigned) {
  if (settings().init != 0) return settings().init;
  if (settings().devices == 0) return NoDevice;
  initialised = true;
  return Success;
}

CUDASIM_API int cuDriverGetVersion(int* version) {
  *version = settings().driver;
  return Success;
}

CUDASIM_API int cuDeviceGetCount(int* count) {
  if (!initialised) return NotInitialized;
  *count = settings().devices;
  return Success;
}

CUDASIM_API int cuDeviceGet(int* device, int ordinal) {
  if (!initialised) return NotInitialized;
  if (ordinal < 0 || ordinal >= settings().devices) return InvalidDevice;
  *device = ordinal;
  return Success;
}

CUDASIM_API int cuDeviceGetName(char* name, int length, int) {
  snprintf(name, (size_t)length, "cudasim (CPU)");
  return Success;
}

// Numbers of CUdevice_attribute; those of a device of compute capability 9.0.
CUDASIM_API int cuDeviceGetAttribute(int* value, int attribute, int) {
  static const std::map<int, int> values = {
      {1, 1024},        // threads a block
      {8, 48 << 10},    // shared memory a block
      {10, 32},         // warp size
      {16, 2},          // multiprocessors
      {38, 60 << 20},   // L2 cache
      {75, 9},          // compute capability, major
      {76, 0},          // and minor
      {97, 227 << 10},  // shared memory a block, opted in
  };
  const auto found = values.find(attribute);
  *value = found == values.end() ? 0 : found->second;
  return Success;
}

CUDASIM_API int cuDeviceTotalMem_v2(size_t* bytes, int) {
  *bytes = (size_t)settings().memoryMiB << 20;
  return Success;
}

CUDASIM_API int cuDevicePrimaryCtxRetain(void** out, int) {
  RETURN_STICKY();
  if (settings().exclusive) return DeviceUnavailable;
  if (settings().othersMiB >= settings().memoryMiB) return OutOfMemory;
  *out = &context;
  return Success;
}

CUDASIM_API int cuDevicePrimaryCtxRelease_v2(int) { return Success; }
CUDASIM_API int cuCtxSetCurrent(void*) { return Success; }

CUDASIM_API int cuCtxSynchronize() {
  FORBID_IN_CAPTURE("cuCtxSynchronize");
  return stickyError;
}

CUDASIM_API int cuGetErrorName(int error, const char** name) {
  static const std::map<int, const char*> known = {
      {Success, "CUDA_SUCCESS"},
      {InvalidValue, "CUDA_ERROR_INVALID_VALUE"},
      {OutOfMemory, "CUDA_ERROR_OUT_OF_MEMORY"},
      {NotInitialized, "CUDA_ERROR_NOT_INITIALIZED"},
      {DeviceUnavailable, "CUDA_ERROR_DEVICE_UNAVAILABLE"},
      {NoDevice, "CUDA_ERROR_NO_DEVICE"},
      {InvalidDevice, "CUDA_ERROR_INVALID_DEVICE"},
      {InvalidImage, "CUDA_ERROR_INVALID_IMAGE"},
      {NotFound, "CUDA_ERROR_NOT_FOUND"},
      {NotReady, "CUDA_ERROR_NOT_READY"},
      {EccUncorrectable, "CUDA_ERROR_ECC_UNCORRECTABLE"},
      {ContextDestroyed, "CUDA_ERROR_CONTEXT_IS_DESTROYED"},
      {SystemNotReady, "CUDA_ERROR_SYSTEM_NOT_READY"},
      {DriverMismatch, "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH"},
      {IllegalAddress, "CUDA_ERROR_ILLEGAL_ADDRESS"},
      {LaunchFailed, "CUDA_ERROR_LAUNCH_FAILED"},
      {CaptureUnsupported, "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED"},
  };
  const auto found = known.find(error);
  if (found == known.end()) return InvalidValue;
  *name = found->second;
  return Success;
}

// A driver describes the code; the simulator says what happened.
CUDASIM_API int cuGetErrorString(int, const char** text) {
  *text = lastMessage().c_str();
  return Success;
}
