import { correctAddN } from './add-n.ts';
import { correctMatMul } from './mat-mul.ts';
import { correctResizeBilinearGradient } from './resize-gradient.ts';
import { correctSine } from './sine.ts';
import { correctSum } from './sum.ts';
import { correctTranspose } from './transpose.ts';
import { correctUnsortedSegmentSum } from './unsorted-segment-sum.ts';

/** Replaces the stock kernels that give wrong results. Each has a test that fails on the stock backend (that of sine, in a page on SwiftShader). */
export function correctKernels(): void {
  correctAddN();
  correctMatMul();
  correctResizeBilinearGradient();
  correctSine();
  correctSum();
  correctTranspose();
  correctUnsortedSegmentSum();
}
