import { registerAttention } from './attention.ts';
import { registerColumnSum } from './column-sum.ts';
import { registerFusionNode } from './fusion-node.ts';
import { registerGelu } from './gelu.ts';
import { registerGroupNorm } from './group-norm.ts';
import { registerLayerNorm } from './layer-norm.ts';
import { registerLinear } from './linear.ts';
import { registerOptimiser } from './optimiser.ts';
import { registerResizeGradients } from './resize-gradient.ts';
import { registerSamplePoints } from './sample-points.ts';
import { registerWindowAttention } from './window-attention.ts';

/** The kernels of `@glid/ops`' contracts, in TensorFlow.js's registry under 'webgpu'. */
export function registerKernels(): void {
  registerAttention();
  registerColumnSum();
  registerFusionNode();
  registerGelu();
  registerGroupNorm();
  registerLayerNorm();
  registerLinear();
  registerOptimiser();
  registerResizeGradients();
  registerSamplePoints();
  registerWindowAttention();
}
