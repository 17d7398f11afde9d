// Lets g++ compile the CUDA C that NVRTC takes. Free of standard headers, which would double the time of a compilation.
#pragma once
#define __CUDASIM__ 1

#include "registers.h"

#define __global__ static
#define __device__ __attribute__((unused))
#define __host__
#define __constant__ const
#define __forceinline__ inline __attribute__((always_inline))
#define __noinline__ __attribute__((noinline))
#define __launch_bounds__(...)
#define __align__(n) __attribute__((aligned(n)))
#define __shared__ static __attribute__((section("cudasim_shared")))
#define __restrict__ __restrict

typedef __SIZE_TYPE__ size_t;

struct float2 {
  float x, y;
};
struct __align__(16) float4 {
  float x, y, z, w;
};
struct int2 {
  int x, y;
};
static inline float2 make_float2(float x, float y) { return {x, y}; }
static inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }
static inline int2 make_int2(int x, int y) { return {x, y}; }

extern "C" {
float expf(float) noexcept;
float logf(float) noexcept;
float log1pf(float) noexcept;
float expm1f(float) noexcept;
float sqrtf(float) noexcept;
float sinf(float) noexcept;
float cosf(float) noexcept;
float tanf(float) noexcept;
float asinf(float) noexcept;
float acosf(float) noexcept;
float atanf(float) noexcept;
float sinhf(float) noexcept;
float coshf(float) noexcept;
float tanhf(float) noexcept;
float asinhf(float) noexcept;
float acoshf(float) noexcept;
float atanhf(float) noexcept;
float erff(float) noexcept;
float fabsf(float) noexcept;
float floorf(float) noexcept;
float ceilf(float) noexcept;
float rintf(float) noexcept;
float roundf(float) noexcept;
float truncf(float) noexcept;
float exp2f(float) noexcept;
float log2f(float) noexcept;
float powf(float, float) noexcept;
float atan2f(float, float) noexcept;
float fmodf(float, float) noexcept;
float fmaxf(float, float) noexcept;
float fminf(float, float) noexcept;
float copysignf(float, float) noexcept;
float fmaf(float, float, float) noexcept;
double sqrt(double) noexcept;
}
static inline float rsqrtf(float x) { return 1.0f / sqrtf(x); }
static inline bool isnan(float x) { return __builtin_isnan(x); }
static inline bool isinf(float x) { return __builtin_isinf(x); }
static inline bool isfinite(float x) { return __builtin_isfinite(x); }
static inline int min(int a, int b) { return a < b ? a : b; }
static inline int max(int a, int b) { return a > b ? a : b; }
static inline int abs(int a) { return a < 0 ? -a : a; }
static inline float __int_as_float(int bits) {
  float value;
  __builtin_memcpy(&value, &bits, 4);
  return value;
}
static inline int __float_as_int(float value) {
  int bits;
  __builtin_memcpy(&bits, &value, 4);
  return bits;
}

// ---- the running thread
static SimRegisters sim_registers __attribute__((used));
static const SimOperations* sim_operations __attribute__((used));

static inline void __syncthreads() { sim_operations->blockBarrier(); }
static inline void __syncwarp(unsigned mask = 0xffffffffu) { sim_operations->warpExchange(mask, 0); }

template <class T>
static inline unsigned long* sim_exchange(unsigned mask, T value) {
  unsigned long bits = 0;
  __builtin_memcpy(&bits, &value, sizeof(T));
  return sim_operations->warpExchange(mask, bits);
}
template <class T>
static inline T sim_value(unsigned long bits) {
  T value;
  __builtin_memcpy(&value, &bits, sizeof(T));
  return value;
}
static inline unsigned sim_lane() { return sim_registers.thread & 31u; }

template <class T>
static inline T __shfl_sync(unsigned mask, T value, int source, int width = 32) {
  const unsigned lane = sim_lane();
  return sim_value<T>(sim_exchange(mask, value)[(lane & ~(width - 1)) | (source & (width - 1))]);
}
template <class T>
static inline T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32) {
  const unsigned lane = sim_lane(), target = lane + delta;
  return sim_value<T>(sim_exchange(mask, value)[(target & ~(width - 1)) == (lane & ~(width - 1)) ? target : lane]);
}
template <class T>
static inline T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32) {
  const unsigned lane = sim_lane();
  return sim_value<T>(sim_exchange(mask, value)[(lane & (width - 1)) >= delta ? lane - delta : lane]);
}
template <class T>
static inline T __shfl_xor_sync(unsigned mask, T value, int lanes, int width = 32) {
  const unsigned lane = sim_lane();
  return sim_value<T>(sim_exchange(mask, value)[lane ^ lanes]);
}
static inline unsigned __ballot_sync(unsigned mask, int predicate) {
  unsigned long* values = sim_exchange(mask, predicate ? 1 : 0);
  unsigned result = 0;
  for (int i = 0; i < 32; i++)
    if ((mask >> i & 1) && values[i]) result |= 1u << i;
  return result;
}

// Threads run one at a time, so plain reads and writes are atomic.
template <class T>
static inline T atomicAdd(T* at, T value) {
  const T old = *at;
  *at = old + value;
  return old;
}
template <class T>
static inline T atomicMax(T* at, T value) {
  const T old = *at;
  if (value > old) *at = value;
  return old;
}

// ---- one entry a kernel, appended by nvrtcCompileProgram
static inline bool sim_next_thread() {
  SimRegisters& r = sim_registers;
  const unsigned place = r.next;
  if (place >= r.threads) return false;
  r.next = place + 1;
  const unsigned thread = r.order == 0   ? place
                          : r.order == 1 ? r.threads - 1 - place
                                         : (unsigned)(((unsigned long)place * r.order + r.order / 3) % r.threads);
  r.thread = thread;
  r.threadIdx.x = thread % r.blockDim.x;
  const unsigned rest = thread / r.blockDim.x;
  r.threadIdx.y = rest % r.blockDim.y;
  r.threadIdx.z = rest / r.blockDim.y;
  return true;
}
template <unsigned... I>
struct SimIndices {};
template <unsigned N, unsigned... I>
struct SimCount : SimCount<N - 1, N - 1, I...> {};
template <unsigned... I>
struct SimCount<0, I...> {
  typedef SimIndices<I...> type;
};
template <class T>
struct SimPlain {
  typedef T type;
  static constexpr bool pointer = false;
};
template <class T>
struct SimPlain<const T> : SimPlain<T> {};
template <class T>
struct SimPlain<T*> {
  typedef T* type;
  static constexpr bool pointer = true;
};
template <class T>
struct SimPlain<T* __restrict> : SimPlain<T*> {};
template <class... A, unsigned... I>
static inline __attribute__((always_inline)) void sim_call(void (*kernel)(A...), void** p, SimIndices<I...>) {
  while (sim_next_thread()) {
    kernel(*(typename SimPlain<A>::type*)p[I]...);
    sim_registers.done++;
  }
}
template <class... A>
static inline __attribute__((always_inline)) void sim_run(void (*kernel)(A...), void** p) {
  sim_call(kernel, p, typename SimCount<sizeof...(A)>::type());
}
template <class... A>
static constexpr SimSignature sim_signature(void (*)(A...)) {
  return SimSignature{
      sizeof...(A), {(unsigned)sizeof(A)...}, {(unsigned)alignof(A)...}, {SimPlain<A>::pointer...}};
}
extern "C" char __start_cudasim_shared[] __attribute__((weak, visibility("hidden")));
extern "C" char __stop_cudasim_shared[] __attribute__((weak, visibility("hidden")));
#define CUDASIM_EXPORT extern "C" __attribute__((visibility("default")))
#define CUDASIM_MODULE()                                                                                       \
  CUDASIM_EXPORT SimRegisters* cudasim_initialise(const SimOperations* operations, char** start, char** end) { \
    sim_operations = operations;                                                                               \
    *start = __start_cudasim_shared;                                                                           \
    *end = __stop_cudasim_shared;                                                                              \
    return &sim_registers;                                                                                     \
  }
#define CUDASIM_ENTRY(K)                                                          \
  CUDASIM_EXPORT void cudasim_entry_##K(void** parameters) { sim_run(&K, parameters); } \
  CUDASIM_EXPORT SimSignature cudasim_signature_##K;                              \
  SimSignature cudasim_signature_##K = sim_signature(&K);
// What kernels see; last, since the macros have the names of the fields.
#define threadIdx (sim_registers.threadIdx)
#define blockIdx (sim_registers.blockIdx)
#define blockDim (sim_registers.blockDim)
#define gridDim (sim_registers.gridDim)
#define warpSize 32
