import { correctMatMul } from './mat-mul.ts';
import { correctResizeBilinearGradient } from './resize-gradient.ts';
import { correctSum } from './sum.ts';
import { correctTranspose } from './transpose.ts';
import { correctUnsortedSegmentSum } from './unsorted-segment-sum.ts';

/** Replaces the stock kernels that give wrong results. Each has a test that fails on the stock backend. */
export function correctKernels(): void {
  correctMatMul();
  correctResizeBilinearGradient();
  correctSum();
  correctTranspose();
  correctUnsortedSegmentSum();
}
