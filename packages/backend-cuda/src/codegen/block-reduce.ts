/**
 * Device functions `<name>Warp` and `<name>Block` that combine one value a thread and give every thread the result.
 * Blocks must be one-dimensional, of a multiple of 32 threads.
 */
export function blockReduce(name: string, type: string, combine: string): string {
  return `static __device__ __forceinline__ ${type} ${name}(${type} a, ${type} b) { return ${combine}; }
static __device__ __forceinline__ ${type} ${name}Warp(${type} a) {
  for (int lanes = 16; lanes > 0; lanes >>= 1) a = ${name}(a, __shfl_xor_sync(0xffffffffu, a, lanes));
  return a;
}
static __device__ ${type} ${name}Block(${type} a) {
  __shared__ ${type} parts[32];
  a = ${name}Warp(a);
  __syncthreads();
  if ((threadIdx.x & 31) == 0) parts[threadIdx.x >> 5] = a;
  __syncthreads();
  a = parts[0];
  for (int warp = 1; warp < (int)blockDim.x >> 5; warp++) a = ${name}(a, parts[warp]);
  return a;
}
`;
}

export const blockSum: string = blockReduce('sum', 'float', 'a + b');
export const blockMax: string = blockReduce('most', 'float', 'fmaxf(a, b)');
