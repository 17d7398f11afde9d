/** cuBLASLt, matrix products with an epilogue. */
export const cublasLtTable = {
  cublasLtCreate: ['buffer'],
  cublasLtDestroy: ['u64'],
  cublasLtMatmulDescCreate: ['buffer', 'i32', 'i32'],
  cublasLtMatmulDescDestroy: ['u64'],
  cublasLtMatmulDescSetAttribute: ['u64', 'i32', 'buffer', 'u64'],
  cublasLtMatrixLayoutCreate: ['buffer', 'i32', 'u64', 'u64', 'i64'],
  cublasLtMatrixLayoutDestroy: ['u64'],
  cublasLtMatrixLayoutSetAttribute: ['u64', 'i32', 'buffer', 'u64'],
  cublasLtMatmulPreferenceCreate: ['buffer'],
  cublasLtMatmulPreferenceDestroy: ['u64'],
  cublasLtMatmulPreferenceSetAttribute: ['u64', 'i32', 'buffer', 'u64'],
  cublasLtMatmulAlgoGetHeuristic: ['u64', 'u64', 'u64', 'u64', 'u64', 'u64', 'u64', 'i32', 'buffer', 'buffer'],
  // biome-ignore format: handle, descriptor, alpha; then pairs of pointer and layout; algorithm and workspace
  cublasLtMatmul: [
    'u64', 'u64', 'buffer', 'u64', 'u64', 'u64', 'u64', 'buffer',
    'u64', 'u64', 'u64', 'u64', 'buffer', 'u64', 'u64', 'u64',
  ],
} as const;

/** `cublasComputeType_t`; all of them read and write float32. */
export const computeType = { float32: 68, bf16: 75, tf32: 77 } as const;
export const dataTypeFloat32 = 0;
export const descriptionAttribute = { transposeA: 3, transposeB: 4, epilogue: 7, biasPointer: 8 } as const;
export const layoutAttribute = { batchCount: 5, batchStride: 6 } as const;
export const preferenceAttribute = { workspaceBytes: 1 } as const;
export const epilogueNumber = { none: 1, bias: 4, relu: 2, reluBias: 6 } as const;
/** `cublasLtMatmulHeuristicResult_t`: the algorithm first, then the bytes of workspace it wants. */
export const heuristicResult = { bytes: 96, algorithmBytes: 64, workspaceOffset: 64 } as const;
