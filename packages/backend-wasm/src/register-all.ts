import { registerConvolutionGradients } from './corrections/convolution.ts';
import { registerIndexing } from './corrections/indexing.ts';
import { registerOneHot } from './corrections/one-hot.ts';
import { registerPoolingGradients } from './corrections/pooling.ts';
import { registerResize } from './corrections/resize.ts';
import { registerTypes } from './corrections/types.ts';
import { registerAttention } from './kernels/attention.ts';
import { registerFusionNode } from './kernels/fusion-node.ts';
import { registerIdentity } from './kernels/identity.ts';
import { registerLinear } from './kernels/linear.ts';
import { registerMaskCosts } from './kernels/mask-costs.ts';
import { registerMaskReadout } from './kernels/mask-readout.ts';
import { registerMatMul } from './kernels/mat-mul.ts';
import { registerNormalisation } from './kernels/normalisation.ts';
import { registerOptimizer } from './kernels/optimizer.ts';
import { registerResizeGradients } from './kernels/resize-gradient.ts';
import { registerSamplePoints } from './kernels/sample-points.ts';
import { registerSlice } from './kernels/slice.ts';
import { registerSoftmax } from './kernels/softmax.ts';
import { registerTranspose } from './kernels/transpose.ts';

let registered = false;

/** Puts this package's kernels in TensorFlow.js's registry under 'wasm', once a process. */
export function registerAllKernels(): void {
  if (registered) return;
  registered = true;
  registerConvolutionGradients();
  registerIndexing();
  registerOneHot();
  registerPoolingGradients();
  registerResize();
  registerTypes();
  registerAttention();
  registerFusionNode();
  registerIdentity();
  registerLinear();
  registerMaskCosts();
  registerMaskReadout();
  registerMatMul();
  registerNormalisation();
  registerOptimizer();
  registerResizeGradients();
  registerSamplePoints();
  registerSlice();
  registerSoftmax();
  registerTranspose();
}
