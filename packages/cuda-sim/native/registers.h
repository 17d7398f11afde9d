// What the library and a compiled kernel share. Included by both, so it must stay free of other includes.
#pragma once
struct uint3 {
  unsigned x, y, z;
};
struct dim3 {
  unsigned x, y, z;
};
// The special registers of the running thread. One block runs at a time; the library swaps the fields when it swaps threads.
struct SimRegisters {
  uint3 threadIdx, blockIdx;
  dim3 blockDim, gridDim;
  unsigned thread;   // linear index in the block
  unsigned threads;  // of the block
  unsigned next;     // next thread to start, counted in starting order
  unsigned order;    // 0 ascending, 1 descending, n scrambled
  unsigned done;
  char* dynamicShared;
};
// Operations that may block a thread.
struct SimOperations {
  void (*blockBarrier)();
  // All lanes of `mask` leave a value; returns the 32 values.
  unsigned long* (*warpExchange)(unsigned mask, unsigned long value);
};
struct SimSignature {
  unsigned count;
  unsigned size[64], alignment[64];
  bool pointer[64];
};
