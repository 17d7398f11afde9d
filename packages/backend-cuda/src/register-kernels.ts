import { type KernelConfig, registerKernel } from '@tensorflow/tfjs-core';
import { arithmeticKernels } from './kernels/arithmetic.ts';
import { blockKernels } from './kernels/blocks.ts';
import { comparisonKernels } from './kernels/comparison.ts';
import { complexKernels } from './kernels/complex.ts';
import { convolutionKernels } from './kernels/convolution.ts';
import { copyKernels } from './kernels/copies.ts';
import { countingKernels } from './kernels/counting.ts';
import { cropKernels } from './kernels/crops.ts';
import { cumulativeKernels } from './kernels/cumulative.ts';
import { depthwiseKernels } from './kernels/depthwise.ts';
import { dilationKernels } from './kernels/dilation.ts';
import { einsumKernels } from './kernels/einsum.ts';
import { fillKernels } from './kernels/fill.ts';
import { attentionKernels } from './kernels/fused/attention.ts';
import { denseKernels } from './kernels/fused/dense.ts';
import { fuseAndMixKernels } from './kernels/fused/fuse-and-mix.ts';
import { fusionNodeKernels } from './kernels/fused/fusion-node.ts';
import { groupNormKernels } from './kernels/fused/group-norm.ts';
import { layerNormKernels } from './kernels/fused/layer-norm.ts';
import { linearsKernels } from './kernels/fused/linears.ts';
import { optimizerKernels } from './kernels/fused/optimizer.ts';
import { resizeGradientKernels } from './kernels/fused/resize-gradients.ts';
import { samplePointsKernels } from './kernels/fused/sample-points.ts';
import { windowAttentionKernels } from './kernels/fused/window-attention.ts';
import { hostKernels } from './kernels/host.ts';
import { imageKernels } from './kernels/image.ts';
import { indexingKernels } from './kernels/indexing.ts';
import { localResponseKernels } from './kernels/local-response.ts';
import { matMulKernels } from './kernels/mat-mul.ts';
import { mirrorPadKernels } from './kernels/mirror-pad.ts';
import { poolingKernels } from './kernels/pooling.ts';
import { reductionKernels } from './kernels/reductions.ts';
import { samplingKernels } from './kernels/sampling.ts';
import { scatterKernels } from './kernels/scatter.ts';
import { selectKernels } from './kernels/select.ts';
import { softmaxKernels } from './kernels/softmax.ts';
import { suppressionKernels } from './kernels/suppression.ts';
import { unaryKernels } from './kernels/unary.ts';
import { viewKernels } from './kernels/views.ts';
import { volumeConvolutionKernels } from './kernels/volume-convolution.ts';
import { volumePoolingKernels } from './kernels/volume-pooling.ts';

/** Every kernel of this package. */
export const kernels: readonly KernelConfig[] = [
  ...arithmeticKernels,
  ...blockKernels,
  ...complexKernels,
  ...countingKernels,
  ...cropKernels,
  ...dilationKernels,
  ...einsumKernels,
  ...hostKernels,
  ...localResponseKernels,
  ...mirrorPadKernels,
  ...samplingKernels,
  ...scatterKernels,
  ...volumeConvolutionKernels,
  ...volumePoolingKernels,
  ...comparisonKernels,
  ...convolutionKernels,
  ...copyKernels,
  ...cumulativeKernels,
  ...depthwiseKernels,
  ...fillKernels,
  ...imageKernels,
  ...indexingKernels,
  ...matMulKernels,
  ...poolingKernels,
  ...reductionKernels,
  ...selectKernels,
  ...softmaxKernels,
  ...suppressionKernels,
  ...unaryKernels,
  ...viewKernels,
  ...attentionKernels,
  ...denseKernels,
  ...fuseAndMixKernels,
  ...fusionNodeKernels,
  ...groupNormKernels,
  ...layerNormKernels,
  ...linearsKernels,
  ...optimizerKernels,
  ...resizeGradientKernels,
  ...samplePointsKernels,
  ...windowAttentionKernels,
];

let registered = false;

/** Puts them in TensorFlow.js's registry, once a process. */
export function registerKernels(): void {
  if (registered) return;
  registered = true;
  for (const kernel of kernels) registerKernel(kernel);
}
