import type { TensorInfo } from '@tensorflow/tfjs-core';

/** `gelu` is the exact form with erf. */
export type Activation = 'gelu' | 'relu';

/**
 * What a backend may register with tfjs-core's `registerKernel({ kernelName, backendName, kernelFunc })`.
 *
 * Rules for every kernel of this table:
 * - All tensors are float32 and dense unless said otherwise; sizes may be zero.
 * - `inputs` marked optional are absent (no such key) when not given.
 * - `outputs` is the list that `kernelFunc` returns, in this order (one output may be returned bare).
 * - The kernel owns nothing: it allocates its outputs and leaves its inputs alone.
 * - It is never asked for a second derivative.
 * - The numbers must be those of the op's decomposition within `test/suite`'s tolerances.
 * - A backend that cannot serve a shape falls back to the decomposition by not registering the kernel: there is no partial support.
 */
export interface GlidKernels {
  /** `y = activation(x kernel + bias)`. `x [M, I]`, `kernel [I, O]`, `bias [O]`. Outputs `[y [M, O]]`, and the value before
   * the activation as a second output `[M, O]` when `withPreactivation`. */
  GlidLinear: {
    inputs: { x: TensorInfo; kernel: TensorInfo; bias?: TensorInfo };
    attrs: { activation: Activation | 'none'; withPreactivation: boolean };
    outputs: [y: TensorInfo] | [y: TensorInfo, preactivation: TensorInfo];
  };
  /** `y = x kernel + bias + residual`. `x [M, I]`, `kernel [I, O]`, `bias [O]`, `residual [M, O]` -> `[M, O]`. */
  GlidLinearAdd: {
    inputs: { x: TensorInfo; kernel: TensorInfo; bias?: TensorInfo; residual: TensorInfo };
    attrs: Record<never, never>;
    outputs: [y: TensorInfo];
  };
  /**
   * `count` linear layers at once: `y{k} = (x{k} + added{k}) kernel{k} + bias{k}`. `x{k} [M, I]`, `kernel{k} [I, O]`, optional `bias{k} [O]` and
   * `added{k} [R, I]`, whose rows repeat where M is a multiple of R; each k has sizes of its own. Outputs all `y{k} [M, O]`.
   */
  GlidLinears: {
    inputs: Readonly<Record<`${'x' | 'added' | 'kernel' | 'bias'}${number}`, TensorInfo>>;
    attrs: { count: number };
    outputs: TensorInfo[];
  };
  /** `y[n] = sum_m x[m, n]`. `x [M, N]` -> `[N]`. Bias, scale and shift gradients. */
  GlidColumnSum: { inputs: { x: TensorInfo }; attrs: Record<never, never>; outputs: [y: TensorInfo] };
  /** `x (1 + erf(x / sqrt 2)) / 2`, any shape. */
  GlidGelu: { inputs: { x: TensorInfo }; attrs: Record<never, never>; outputs: [y: TensorInfo] };
  /** `dx = dy (Phi(x) + x phi(x))`, any shape. */
  GlidGeluGrad: { inputs: { dy: TensorInfo; x: TensorInfo }; attrs: Record<never, never>; outputs: [dx: TensorInfo] };
  /** Normalisation over the last axis, biased variance. `x [..., C]`, `gamma [C]`, `beta [C]` -> `[..., C]`. */
  GlidLayerNorm: {
    inputs: { x: TensorInfo; gamma: TensorInfo; beta: TensorInfo };
    attrs: { epsilon: number };
    outputs: [y: TensorInfo];
  };
  /**
   * `GlidLayerNorm` of 2 x 2 squares: `x [B, H, W, C]`, H and W even, `gamma`, `beta [4C]` -> `[B, H/2, W/2, 4C]`. Pixels of a square
   * lie side by side in the order (0, 0), (1, 0), (0, 1), (1, 1) of (row, column).
   */
  GlidSquaresNorm: {
    inputs: { x: TensorInfo; gamma: TensorInfo; beta: TensorInfo };
    attrs: { epsilon: number };
    outputs: [y: TensorInfo];
  };
  /** Recomputes mean and deviation from `x`. */
  GlidLayerNormGrad: {
    inputs: { dy: TensorInfo; x: TensorInfo; gamma: TensorInfo };
    attrs: { epsilon: number };
    outputs: [dx: TensorInfo, dgamma: TensorInfo, dbeta: TensorInfo];
  };
  /** Normalisation over H, W and the C / groups channels of a group (consecutive channels), biased variance. `x [B, H, W, C]`. */
  GlidGroupNorm: {
    inputs: { x: TensorInfo; gamma: TensorInfo; beta: TensorInfo };
    attrs: { groups: number; epsilon: number };
    outputs: [y: TensorInfo];
  };
  GlidGroupNormGrad: {
    inputs: { dy: TensorInfo; x: TensorInfo; gamma: TensorInfo };
    attrs: { groups: number; epsilon: number };
    outputs: [dx: TensorInfo, dgamma: TensorInfo, dbeta: TensorInfo];
  };
  /**
   * Shifted-window self-attention on a map. `qkv [B, H, W, 3C]` (q, k, v blocks; in each the heads, consecutive), `bias [heads, N, N]`
   * with `N = window[0] * window[1]`, `keyMask [B, H, W]` (1 = may be attended, 0 = not) -> `[B, H, W, C]`.
   * Position (y, x) of the rolled map is position ((y + shift[0]) mod H, (x + shift[1]) mod W) of the input; the output is rolled back.
   * logits = scale q.k + bias + (-100 where query and key lie in different shift regions), scale = (C / heads)^-1/2.
   * Along an axis of length L with shift s > 0 the regions of the rolled map are [0, L - w), [L - w, L - s), [L - s, L); s = 0: one region.
   * Masked keys have weight 0; where no key of a window is visible its outputs are 0.
   */
  GlidWindowAttention: {
    inputs: { qkv: TensorInfo; bias: TensorInfo; keyMask?: TensorInfo };
    attrs: WindowAttentionAttributes;
    outputs: [y: TensorInfo];
  };
  /**
   * `GlidWindowAttention` with the bias looked up: `table [(2 window[0] - 1) (2 window[1] - 1), heads]`; that of the positions (y, x) and
   * (y', x') of a window is row (y - y' + window[0] - 1) (2 window[1] - 1) + (x - x' + window[1] - 1).
   */
  GlidRelativeWindowAttention: {
    inputs: { qkv: TensorInfo; table: TensorInfo; keyMask?: TensorInfo };
    attrs: WindowAttentionAttributes;
    outputs: [y: TensorInfo];
  };
  /** Recomputes the weights. `dy [B, H, W, C]` -> gradients of `qkv` and `bias`. */
  GlidWindowAttentionGrad: {
    inputs: { dy: TensorInfo; qkv: TensorInfo; bias: TensorInfo; keyMask?: TensorInfo };
    attrs: WindowAttentionAttributes;
    outputs: [dqkv: TensorInfo, dbias: TensorInfo];
  };
  /**
   * Multi-head attention without projections. `q [B, Lq, C]`, `k`, `v [B, Lk, C]`, `keyMask [B, Lk]`, `blockMask [Lq, Lk]` (1 = may be
   * attended) -> `[B, Lq, C]`; heads are consecutive channels, scale = (C / heads)^-1/2. A row without any visible key is 0.
   */
  GlidAttention: {
    inputs: { q: TensorInfo; k: TensorInfo; v: TensorInfo; keyMask?: TensorInfo; blockMask?: TensorInfo };
    attrs: { heads: number };
    outputs: [y: TensorInfo];
  };
  /** Recomputes the weights. */
  GlidAttentionGrad: {
    inputs: {
      dy: TensorInfo;
      q: TensorInfo;
      k: TensorInfo;
      v: TensorInfo;
      keyMask?: TensorInfo;
      blockMask?: TensorInfo;
    };
    attrs: { heads: number };
    outputs: [dq: TensorInfo, dk: TensorInfo, dv: TensorInfo];
  };
  /**
   * Fast normalised fusion: `y = f(sum_k n_k x_k)`, `n_k = relu(w_k) / (sum_j relu(w_j) + epsilon)`, f = swish or identity.
   * `inputs`: `x0`, `x1`, … (`count` maps of one shape `[B, H, W, C]`) and `weights [count]`.
   */
  GlidFusionNode: {
    inputs: { weights: TensorInfo } & Readonly<Record<`x${number}`, TensorInfo>>;
    attrs: { count: number; epsilon: number; activation: 'swish' | 'none' };
    outputs: [y: TensorInfo];
  };
  /**
   * A node of Bi-FPN up to its pointwise product: `y = mix(swish(sum_k n_k r_k(x_k)))`, `n_k` as in `GlidFusionNode`, `mix` the depthwise 3 x 3
   * convolution with zeros around. `x{k}` `[B, h_k, w_k, C]`; `r_k` brings it to `size`: 'same' leaves it, 'nearest' takes input pixel
   * floor(i h_k / H), 'maximum' is the largest of 3 x 3 around input pixel 2 i inside the map. `depthwise [3, 3, C, 1]` -> `[B, H, W, C]`.
   */
  GlidFuseAndMix: {
    inputs: { weights: TensorInfo; depthwise: TensorInfo } & Readonly<Record<`x${number}`, TensorInfo>>;
    attrs: {
      count: number;
      epsilon: number;
      size: readonly [number, number];
      resampling: readonly ('same' | 'nearest' | 'maximum')[];
    };
    outputs: [y: TensorInfo];
  };
  /** Outputs the gradients of `x0`, `x1`, …, then of `weights` (0 where `w_k <= 0`). */
  GlidFusionNodeGrad: {
    inputs: { dy: TensorInfo; weights: TensorInfo } & Readonly<Record<`x${number}`, TensorInfo>>;
    attrs: { count: number; epsilon: number; activation: 'swish' | 'none' };
    outputs: TensorInfo[];
  };
  /** Gradient of `resizeBilinear`: `dy [B, h, w, C]` -> `dx [B, H, W, C]`, `inputSize = [H, W]`. */
  GlidResizeBilinearGrad: {
    inputs: { dy: TensorInfo };
    attrs: { inputSize: readonly [number, number]; alignCorners: boolean };
    outputs: [dx: TensorInfo];
  };
  /** Gradient of `resizeNearest` (`source = floor(i * in / out)`, exact integers): `dy [B, h, w, C]` -> `dx [B, H, W, C]`. */
  GlidResizeNearestGrad: {
    inputs: { dy: TensorInfo };
    attrs: { inputSize: readonly [number, number] };
    outputs: [dx: TensorInfo];
  };
  /** Bilinear samples, zero outside, pixel centres at half integers. `maps [N, H, W]`, `points [N, P, 2]` as (x, y) in [0, 1] -> `[N, P]`. */
  GlidSamplePoints: {
    inputs: { maps: TensorInfo; points: TensorInfo };
    attrs: Record<never, never>;
    outputs: [y: TensorInfo];
  };
  /** `dy [N, P]` -> `dmaps [N, H, W]`. */
  GlidSamplePointsGrad: {
    inputs: { dy: TensorInfo; points: TensorInfo };
    attrs: { mapSize: readonly [number, number] };
    outputs: [dmaps: TensorInfo];
  };
  /**
   * Matching costs on shared points. `x{l}` `[B, M, H, W]` logits of `count` layers, `points [B, P, 2]` as (x, y) in [0, 1], `targets [S, P]` in 0..1:
   * `targetCounts[b]` rows belong to picture b. With s = samples of a mask (as `GlidSamplePoints`) and t = a target of its picture: mean of
   * softplus(s) - s t, and 1 - (2 sum(sigmoid(s) t) + 1) / (sum sigmoid(s) + sum t + 1). Outputs `[S, count, M]` each.
   */
  GlidMaskCosts: {
    inputs: { points: TensorInfo; targets: TensorInfo } & Readonly<Record<`x${number}`, TensorInfo>>;
    attrs: { count: number; targetCounts: readonly number[] };
    outputs: [crossEntropy: TensorInfo, dice: TensorInfo];
  };
  /**
   * Masks as bits and sums. `logits [P, S]` -> words `[P, ceil(S / 24)]` (mask s, where its logit is above 0, is bit s mod 24 of word
   * floor(s / 24), as a whole number), and of each mask, over those pixels, their number and the sum of sigmoid(logit), `[S]` each.
   */
  GlidMaskReadout: {
    inputs: { logits: TensorInfo };
    attrs: Record<never, never>;
    outputs: [words: TensorInfo, areas: TensorInfo, shares: TensorInfo];
  };
  /**
   * `logits [P, S]`, `scores [S]`, not negative. Outputs: the mask with the largest score x sigmoid(logit) at each pixel, of equal ones the
   * first, `[P]` int32; whether its logit is at least 0, `[P]` int32; pixels where a mask's logit is, `[S]`; pixels that it won, and those of
   * them where its logit is, `[S, 2]`.
   */
  GlidMaskContest: {
    inputs: { logits: TensorInfo; scores: TensorInfo };
    attrs: Record<never, never>;
    outputs: [winner: TensorInfo, inside: TensorInfo, areas: TensorInfo, taken: TensorInfo];
  };
  /**
   * One AdamW step (decoupled decay, Loshchilov & Hutter 2019) of all parameters: `p{i}`, `g{i}`, `m{i}`, `v{i}` of one shape each,
   * `count` of them, and the scalar `gradientScale` (each gradient is multiplied by it first). With t = `step` (from 1):
   * `p (1 - lr wd) - lr / (1 - beta1^t) m' / (sqrt(v') / sqrt(1 - beta2^t) + epsilon)`.
   * Outputs new tensors: all p', then all m', then all v'. With `overwriteMoments` a kernel may write m' and v' where m and v lie, if nothing
   * else refers to them, and outputs all p' alone.
   */
  GlidAdamW: {
    inputs: { gradientScale?: TensorInfo } & Readonly<Record<`${'p' | 'g' | 'm' | 'v'}${number}`, TensorInfo>>;
    attrs: AdamWAttributes;
    outputs: TensorInfo[];
  };
  /** `sqrt(sum of all squares)` over `x0`, `x1`, … (`count` tensors of any shape) -> scalar. */
  GlidGlobalNorm: {
    inputs: Readonly<Record<`x${number}`, TensorInfo>>;
    attrs: { count: number };
    outputs: [norm: TensorInfo];
  };
}

export interface WindowAttentionAttributes {
  heads: number;
  /** Height and width of a window; H and W are multiples of them. */
  window: readonly [number, number];
  /** 0 <= shift < window, down and right. */
  shift: readonly [number, number];
}

export interface AdamWAttributes {
  count: number;
  /** One a parameter. */
  learningRates: readonly number[];
  /** One a parameter. */
  weightDecays: readonly number[];
  beta1: number;
  beta2: number;
  epsilon: number;
  /** 1 for the first step. */
  step: number;
  overwriteMoments: boolean;
}

export type GlidKernelName = keyof GlidKernels;

/** Every contract, for capability tables; `satisfies` keeps it complete. */
export const glidKernelNames: readonly GlidKernelName[] = Object.keys({
  GlidLinear: 0,
  GlidLinearAdd: 0,
  GlidLinears: 0,
  GlidColumnSum: 0,
  GlidGelu: 0,
  GlidGeluGrad: 0,
  GlidLayerNorm: 0,
  GlidSquaresNorm: 0,
  GlidLayerNormGrad: 0,
  GlidGroupNorm: 0,
  GlidGroupNormGrad: 0,
  GlidWindowAttention: 0,
  GlidRelativeWindowAttention: 0,
  GlidWindowAttentionGrad: 0,
  GlidAttention: 0,
  GlidAttentionGrad: 0,
  GlidFusionNode: 0,
  GlidFuseAndMix: 0,
  GlidFusionNodeGrad: 0,
  GlidResizeBilinearGrad: 0,
  GlidResizeNearestGrad: 0,
  GlidSamplePoints: 0,
  GlidSamplePointsGrad: 0,
  GlidMaskCosts: 0,
  GlidMaskReadout: 0,
  GlidMaskContest: 0,
  GlidAdamW: 0,
  GlidGlobalNorm: 0,
} satisfies Record<GlidKernelName, 0>) as GlidKernelName[];
