import type { WindowAttentionAttributes } from '@glid/ops';
import type { WasmContext } from '../context.ts';
import { glidKernel } from './glid-kernel.ts';

export function registerAttention(): void {
  glidKernel('GlidAttention', (context, { q, k, v, keyMask, blockMask }, { heads }) => {
    const [batch, queries, channels] = q.shape as [number, number, number];
    const keys = k.shape[1]!;
    const y = context.output(q.shape);
    const scratch = context.scratch(4 * context.simd.attentionScratch(keys));
    context.simd.attention(
      ...([context.pointer(q), context.pointer(k), context.pointer(v)] as const),
      ...([context.optional(keyMask), context.optional(blockMask), context.pointer(y)] as const),
      ...([batch, queries, keys, channels, heads, scratch, context.products] as const),
    );
    return [y];
  });

  glidKernel('GlidAttentionGrad', (context, { dy, q, k, v, keyMask, blockMask }, { heads }) => {
    const [batch, queries, channels] = q.shape as [number, number, number];
    const keys = k.shape[1]!;
    const dq = context.output(q.shape);
    const dk = context.output(k.shape);
    const dv = context.output(v.shape);
    const scratch = context.scratch(4 * context.simd.attentionScratch(keys));
    context.simd.attentionGrad(
      ...([context.pointer(dy), context.pointer(q), context.pointer(k), context.pointer(v)] as const),
      ...([context.optional(keyMask), context.optional(blockMask)] as const),
      ...([context.pointer(dq), context.pointer(dk), context.pointer(dv)] as const),
      ...([batch, queries, keys, channels, heads, scratch, context.products] as const),
    );
    return [dq, dk, dv];
  });

  glidKernel('GlidWindowAttention', (context, { qkv, bias, keyMask }, attrs) => {
    const [batch, height, width, channels] = windowSizes(qkv.shape);
    const y = context.output([batch, height, width, channels]);
    const scratch = windowScratch(context, channels, attrs);
    context.simd.windowAttention(
      ...([context.pointer(qkv), context.pointer(bias), context.optional(keyMask), context.pointer(y)] as const),
      ...([batch, height, width, channels, attrs.heads] as const),
      ...([...attrs.window, ...attrs.shift, scratch, context.products] as const),
    );
    return [y];
  });

  glidKernel('GlidWindowAttentionGrad', (context, { dy, qkv, bias, keyMask }, attrs) => {
    const [batch, height, width, channels] = windowSizes(qkv.shape);
    const dqkv = context.output(qkv.shape);
    const dbias = context.output(bias.shape);
    const scratch = windowScratch(context, channels, attrs);
    context.simd.windowAttentionGrad(
      ...([context.pointer(dy), context.pointer(qkv), context.pointer(bias), context.optional(keyMask)] as const),
      ...([context.pointer(dqkv), context.pointer(dbias)] as const),
      ...([batch, height, width, channels, attrs.heads] as const),
      ...([...attrs.window, ...attrs.shift, scratch, context.products] as const),
    );
    return [dqkv, dbias];
  });
}

function windowSizes(qkv: readonly number[]): [batch: number, height: number, width: number, channels: number] {
  return [qkv[0]!, qkv[1]!, qkv[2]!, qkv[3]! / 3];
}

function windowScratch(context: WasmContext, channels: number, { heads, window }: WindowAttentionAttributes): number {
  return context.scratch(4 * context.simd.windowAttentionScratch(window[0] * window[1], channels / heads));
}
