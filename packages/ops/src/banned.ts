/** A tfjs function that must not stand in differentiable code, or not on some backend. */
export interface BannedOp {
  /** Name of the function as exported by tfjs-core; `image.` where it is a member of `image`. */
  readonly name: string;
  readonly reason: string;
  readonly instead: string;
}

const noGradient = 'has no gradient';
const comparison = 'has no gradient and throws when a differentiated tensor flows in, even only into a mask';
const maskInstead = 'maskGreater, or withoutGradient around the whole mask';

/** tfjs 4.22.0's operations without a gradient, or with a wrong one, and what replaces them. Data for the lint guard. */
export const bannedOps: readonly BannedOp[] = [
  { name: 'einsum', reason: noGradient, instead: 'matMul on reshaped tensors, maskProduct' },
  { name: 'topk', reason: noGradient, instead: 'withoutGradient(() => topk(…)) and gatherRows' },
  { name: 'stridedSlice', reason: noGradient, instead: 'reshape and slice, or gatherRows' },
  { name: 'depthToSpace', reason: noGradient, instead: 'reshape and transpose of rank <= 4' },
  { name: 'gatherND', reason: noGradient, instead: 'gatherRows on flattened rows' },
  { name: 'scatterND', reason: noGradient, instead: 'unsortedSegmentSum, or matMul with a one-hot constant' },
  { name: 'tensorScatterUpdate', reason: noGradient, instead: 'selectWhere' },
  { name: 'cumprod', reason: noGradient, instead: 'exp(cumsum(log(x)))' },
  { name: 'diag', reason: noGradient, instead: 'mul with eye(n)' },
  { name: 'image.cropAndResize', reason: noGradient, instead: 'slice and resizeBilinear, or samplePoints' },
  { name: 'image.transform', reason: noGradient, instead: 'samplePoints' },
  {
    name: 'image.resizeBilinear',
    reason: 'its gradient ignores halfPixelCenters and throws on the cpu backend when H and W differ',
    instead: 'resizeBilinear',
  },
  {
    name: 'image.resizeNearestNeighbor',
    reason: 'its gradient is wrong on the cpu backend for batches',
    instead: 'resizeNearest',
  },
  {
    name: 'avgPool',
    reason: "its gradient is wrong at borders with 'same' padding",
    instead: "maxPool, or padding 'valid'",
  },
  { name: 'mirrorPad', reason: 'its gradient is wrong', instead: 'pad, or concat of slices' },
  { name: 'floorDiv', reason: 'its gradient is wrong', instead: 'withoutGradient(() => floor(div(a, b)))' },
  { name: 'greater', reason: comparison, instead: maskInstead },
  { name: 'less', reason: comparison, instead: maskInstead },
  { name: 'lessEqual', reason: comparison, instead: maskInstead },
  { name: 'equal', reason: comparison, instead: maskInstead },
  { name: 'notEqual', reason: comparison, instead: maskInstead },
  { name: 'logicalAnd', reason: comparison, instead: maskInstead },
  { name: 'logicalOr', reason: comparison, instead: maskInstead },
  { name: 'logicalNot', reason: comparison, instead: maskInstead },
  { name: 'logicalXor', reason: comparison, instead: maskInstead },
];
