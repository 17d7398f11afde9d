import type { Tensor, Tensor2D, Tensor3D, Tensor4D } from '@tensorflow/tfjs-core';
import { add, matMul, mul, reshape, softmax, sub } from '@tensorflow/tfjs-core';
import { differentiable, withoutGradient } from './gradient.ts';
import { mergeHeads, splitHeads } from './heads.ts';
import { runGlidKernel } from './kernel.ts';
import { requireOption, requireShape } from './shape.ts';
import { logitsGradient, maskedLogit, softmaxGradient } from './softmax-gradient.ts';

export interface AttentionOptions {
  readonly heads: number;
  /** `[B, Lk]`, 1 = may be attended, 0 = not (padding). No gradient. */
  readonly keyMask?: Tensor2D;
  /** `[Lq, Lk]`, 1 = this query may attend this key. No gradient. */
  readonly blockMask?: Tensor2D;
}

/**
 * Scaled dot-product attention of several heads, without projections (Vaswani et al. 2017, eq. 1): `q [B, Lq, C]`, `k`, `v [B, Lk, C]`
 * -> `[B, Lq, C]`; heads are consecutive channels. A query that may attend no key gives 0, never NaN.
 * Kernels: `GlidAttention`, `GlidAttentionGrad`. Throws `GLID_SHAPE`, `GLID_USAGE`.
 */
export function attention(q: Tensor3D, k: Tensor3D, v: Tensor3D, options: AttentionOptions): Tensor3D {
  const { heads, keyMask, blockMask } = options;
  check(q, k, v, options);
  const attrs = { heads };
  return differentiable<Tensor3D>(
    [q, k, v],
    (save) => {
      save([q, k, v, ...(keyMask ? [keyMask] : []), ...(blockMask ? [blockMask] : [])]);
      const fused = runGlidKernel('GlidAttention', { q, k, v, keyMask, blockMask }, attrs);
      if (fused) return fused[0] as Tensor3D;
      const { weights, v: values } = attend(q, k, v, { heads, ...masks(keyMask, blockMask) });
      return mergeHeads(matMul(weights, values!) as Tensor4D);
    },
    (dy, saved) => {
      const [q, k, v, ...rest] = saved as [Tensor3D, Tensor3D, Tensor3D, ...Tensor2D[]];
      const key = keyMask && rest[0];
      const block = blockMask && rest[keyMask ? 1 : 0];
      return (
        runGlidKernel('GlidAttentionGrad', { dy, q, k, v, keyMask: key, blockMask: block }, attrs) ??
        attentionGradient(dy, q, k, v, { heads, ...masks(key, block) })
      );
    },
  );
}

/** The attention weights `[B, heads, Lq, Lk]`, as a constant: for figures and inspection. Throws as `attention`. */
export function attentionWeights(q: Tensor3D, k: Tensor3D, options: AttentionOptions): Tensor4D {
  check(q, k, k, options);
  const { keyMask } = options;
  return withoutGradient(() => {
    const { weights } = attend(q, k, undefined, options);
    if (keyMask === undefined) return weights;
    return mul(weights, reshape(keyMask, [keyMask.shape[0], 1, 1, keyMask.shape[1]])) as Tensor4D;
  });
}

function check(q: Tensor3D, k: Tensor3D, v: Tensor3D, { heads, keyMask, blockMask }: AttentionOptions): void {
  const [batch, queries, channels] = q.shape;
  const keys = k.shape[1];
  const fits = (t: Tensor3D): boolean => t.rank === 3 && t.shape[0] === batch && t.shape[2] === channels;
  requireShape(
    fits(q) && fits(k) && fits(v) && v.shape[1] === keys,
    'attention',
    'q [B, Lq, C], k [B, Lk, C], v [B, Lk, C]',
    { q, k, v },
  );
  requireOption(
    Number.isInteger(heads) && heads > 0 && channels % heads === 0,
    'attention',
    `heads must divide the ${channels} channels, got ${heads}`,
  );
  if (keyMask !== undefined) {
    const ok = keyMask.rank === 2 && keyMask.shape[0] === batch && keyMask.shape[1] === keys;
    requireShape(ok, 'attention', 'keyMask [B, Lk]', { k, keyMask });
  }
  if (blockMask !== undefined) {
    const ok = blockMask.rank === 2 && blockMask.shape[0] === queries && blockMask.shape[1] === keys;
    requireShape(ok, 'attention', 'blockMask [Lq, Lk]', { q, k, blockMask });
  }
}

function masks(keyMask: Tensor2D | undefined, blockMask: Tensor2D | undefined): Omit<AttentionOptions, 'heads'> {
  return { ...(keyMask ? { keyMask } : {}), ...(blockMask ? { blockMask } : {}) };
}

interface Attended {
  readonly scale: number;
  readonly scaledQ: Tensor4D;
  readonly k: Tensor4D;
  /** Zero at masked keys. */
  readonly v: Tensor4D | undefined;
  /** Softmax over the keys, before the block mask cleared it. */
  readonly softmaxed: Tensor4D;
  readonly weights: Tensor4D;
  /** `[B, 1, Lk, 1]` */
  readonly visible: Tensor | undefined;
}

/**
 * All tensors `[B, heads, L, D]`; weights `[B, heads, Lq, Lk]`. Masked logits leave weight 0 beside any visible key; where a row has none,
 * the cleared values (key mask) and weights (block mask) make it exactly 0.
 */
function attend(q: Tensor3D, k: Tensor3D, v: Tensor3D | undefined, options: AttentionOptions): Attended {
  const { heads, keyMask, blockMask } = options;
  const [batch, keys] = k.shape;
  const scale = (q.shape[2] / heads) ** -0.5;
  const scaledQ = splitHeads(mul(q, scale) as Tensor3D, heads);
  const headsOfK = splitHeads(k, heads);
  let values = v && splitHeads(v, heads);
  let logits = matMul(scaledQ, headsOfK, false, true) as Tensor4D;
  let visible: Tensor | undefined;
  if (keyMask !== undefined) {
    visible = reshape(keyMask, [batch, 1, keys, 1]);
    logits = add(logits, reshape(mul(sub(1, keyMask), maskedLogit), [batch, 1, 1, keys]));
    values = values && (mul(values, visible) as Tensor4D);
  }
  if (blockMask !== undefined) logits = add(logits, mul(sub(1, blockMask), maskedLogit));
  const softmaxed = softmax(logits) as Tensor4D;
  const weights = (blockMask === undefined ? softmaxed : mul(softmaxed, blockMask)) as Tensor4D;
  return { scale, scaledQ, k: headsOfK, v: values, softmaxed, weights, visible };
}

function attentionGradient(
  dy: Tensor3D,
  q: Tensor3D,
  k: Tensor3D,
  v: Tensor3D,
  options: AttentionOptions,
): [dq: Tensor, dk: Tensor, dv: Tensor] {
  const at = attend(q, k, v, options);
  const dout = splitHeads(dy, options.heads);
  const dmasked = matMul(at.weights, dout, true, false);
  const dv = (at.visible === undefined ? dmasked : mul(dmasked, at.visible)) as Tensor4D;
  let dweights = matMul(dout, at.v!, false, true) as Tensor4D;
  if (options.blockMask !== undefined) dweights = mul(dweights, options.blockMask);
  const dlogits = softmaxGradient(at.softmaxed, dweights);
  const [dq, dk] = logitsGradient(dlogits, at.scaledQ, at.k, at.scale);
  return [mergeHeads(dq), mergeHeads(dk), mergeHeads(dv)];
}
