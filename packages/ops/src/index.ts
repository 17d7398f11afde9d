export type { AdamWInputs, AdamWOptions, AdamWResult } from './adamw.ts';
export { adamwStep } from './adamw.ts';
export type { AttentionOptions } from './attention.ts';
export { attention, attentionWeights } from './attention.ts';
export type { BackendCandidate, BackendProbe, GlidBackend } from './backend.ts';
export type { BannedOp } from './banned.ts';
export { bannedOps } from './banned.ts';
export { constantsInUse, constantTensor, disposeConstants } from './constants.ts';
export type {
  Activation,
  AdamWAttributes,
  GlidKernelName,
  GlidKernels,
  WindowAttentionAttributes,
} from './contracts.ts';
export { glidKernelNames } from './contracts.ts';
export { drawKeepMask, dropPath } from './drop-path.ts';
export type { NodeInput, Resampling } from './fuse-and-mix.ts';
export { fuseAndMix } from './fuse-and-mix.ts';
export type { FusionNodeOptions } from './fusion-node.ts';
export { fusionNode } from './fusion-node.ts';
export { gatherRows } from './gather-rows.ts';
export { gelu } from './gelu.ts';
export { clipByGlobalNorm, clipFactor, globalNorm } from './global-norm.ts';
export { differentiable, stopGradient, withoutGradient } from './gradient.ts';
export type { CapturedGraph, GraphBackend, GraphStage } from './graph.ts';
export { captureGraph, graphBackend } from './graph.ts';
export { groupNorm } from './group-norm.ts';
export { inputNames } from './input-names.ts';
export { hasGlidKernel, runGlidKernel } from './kernel.ts';
export { layerNorm } from './layer-norm.ts';
export { linear, linearAdd } from './linear.ts';
export type { LinearLayer } from './linears.ts';
export { linears } from './linears.ts';
export type { MaskContest } from './mask-contest.ts';
export { maskContest } from './mask-contest.ts';
export type { MaskCosts } from './mask-costs.ts';
export { maskCosts } from './mask-costs.ts';
export { maskProduct } from './mask-product.ts';
export type { MaskReadout } from './mask-readout.ts';
export { maskReadout, maskWordBits, maskWords } from './mask-readout.ts';
export { maskGreater, selectWhere } from './masks.ts';
export { relativePositionBias } from './relative-position-bias.ts';
export type { ResizeBilinearOptions } from './resize.ts';
export { resizeBilinear, resizeNearest } from './resize.ts';
export { samplePoints } from './sample-points.ts';
export type { SineOptions, SinePositionOptions } from './sine-position.ts';
export { sinePoints, sinePosition, sinePositionValues } from './sine-position.ts';
export { assertSingleEngine, requiredTfjsVersion } from './single-engine.ts';
export { squaresNorm, squaresOfFour } from './squares-norm.ts';
export { swish } from './swish.ts';
export type { WindowAttentionOptions } from './window-attention.ts';
export { relativeWindowAttention, windowAttention } from './window-attention.ts';
