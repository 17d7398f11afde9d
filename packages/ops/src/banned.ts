/** A function of tfjs-core 4.22.0 that must not stand in differentiable code. */
export interface BannedOp {
  /** Name of the exported function, or of the member of `image`. */
  readonly name: string;
  /** The kernel behind it. */
  readonly kernel: string;
  /** `none`: throws on backpropagation. `wrong`: a gradient that is not the derivative, on at least one backend. */
  readonly gradient: 'none' | 'wrong';
  readonly reason: string;
  readonly instead: string;
}

function none(name: string, kernel: string, instead: string): BannedOp {
  return { name, kernel, gradient: 'none', reason: 'has no gradient', instead };
}

function comparison(name: string, kernel: string): BannedOp {
  const reason = 'has no gradient and throws when a differentiated tensor flows in, even only into a mask';
  return { name, kernel, gradient: 'none', reason, instead: 'maskGreater, or withoutGradient around the whole mask' };
}

function wrong(name: string, kernel: string, reason: string, instead: string): BannedOp {
  return { name, kernel, gradient: 'wrong', reason, instead };
}

/**
 * What has no usable gradient, and what replaces it: data for the lint guard. Inside `withoutGradient` or `differentiable` these may be used,
 * with a note `allow-op NAME: reason`. Not to be seen by name: `matMul`, `maximum`, `minimum` and `squaredDifference` with broadcast operands
 * (the gradient has the wrong shape), convolutions with dilation (no gradient), `gather` with `batchDims` (stock wasm reads outside).
 */
export const bannedOps: readonly BannedOp[] = [
  none('einsum', 'Einsum', 'matMul on reshaped tensors, maskProduct'),
  none('topk', 'TopK', 'withoutGradient(() => topk(…).indices) and gatherRows'),
  none('stridedSlice', 'StridedSlice', 'reshape and slice, or gatherRows'),
  none('depthToSpace', 'DepthToSpace', 'reshape and transpose of rank <= 4'),
  none('gatherND', 'GatherNd', 'gatherRows on flattened rows'),
  none('scatterND', 'ScatterNd', 'unsortedSegmentSum, or matMul with a one-hot constant'),
  none('sparseToDense', 'SparseToDense', 'unsortedSegmentSum, or matMul with a one-hot constant'),
  none('tensorScatterUpdate', 'TensorScatterUpdate', 'selectWhere'),
  none('cumprod', 'Cumprod', 'exp(cumsum(log(x)))'),
  none('diag', 'Diag', 'mul with eye(n)'),
  none('multinomial', 'Multinomial', 'draws of Random on the host'),
  none('bincount', 'Bincount', 'unsortedSegmentSum of ones'),
  none('denseBincount', 'DenseBincount', 'unsortedSegmentSum of ones'),
  none('unique', 'Unique', 'the host'),
  none('all', 'All', 'withoutGradient around the whole mask'),
  none('any', 'Any', 'withoutGradient around the whole mask'),
  none('cropAndResize', 'CropAndResize', 'slice and resizeBilinear, or samplePoints'),
  none('flipLeftRight', 'FlipLeftRight', 'reverse'),
  none('rotateWithOffset', 'RotateWithOffset', 'samplePoints'),
  none('transform', 'Transform', 'samplePoints'),
  wrong(
    'resizeBilinear',
    'ResizeBilinear',
    'its gradient ignores halfPixelCenters, and throws on the cpu backend when H and W differ',
    'resizeBilinear of @glid/ops',
  ),
  wrong(
    'resizeNearestNeighbor',
    'ResizeNearestNeighbor',
    'its gradient is wrong on the cpu backend for more than one picture',
    'resizeNearest of @glid/ops',
  ),
  wrong('avgPool', 'AvgPool', "its gradient is wrong at borders with padding 'same'", 'maxPool, or a mean of slices'),
  wrong('mirrorPad', 'MirrorPad', 'its gradient ignores the mirrored copies', 'concat of slices'),
  wrong('floorDiv', 'FloorDiv', 'its gradient is that of div', 'withoutGradient(() => floor(div(a, b)))'),
  comparison('greater', 'Greater'),
  comparison('less', 'Less'),
  comparison('lessEqual', 'LessEqual'),
  comparison('equal', 'Equal'),
  comparison('notEqual', 'NotEqual'),
  comparison('logicalAnd', 'LogicalAnd'),
  comparison('logicalOr', 'LogicalOr'),
  comparison('logicalNot', 'LogicalNot'),
  comparison('logicalXor', 'LogicalXor'),
];
