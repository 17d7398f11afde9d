import { readFileSync } from 'node:fs';
import { type Fixture, readSharedJson, sharedPath } from '@glid/test-utils';
import { type Tensor, tensor, transpose } from '@tensorflow/tfjs-core';
import type { PerStage, SwinConfig } from '../../src/encoder/index.ts';

/** Our name of a parameter that Microsoft's Swin calls `name`; the class head and the classifier's last norm have none. */
export function ourName(name: string): string | null {
  const stageNorm = /^norm(\d)\.(weight|bias)$/.exec(name);
  if (stageNorm) return `encoder.outputNorms.${stageNorm[1]}.${stageNorm[2] === 'weight' ? 'gamma' : 'beta'}`;
  if (name.startsWith('head.') || name.startsWith('norm.')) return null;
  const isNorm = /norm\d?\.(weight|bias)$/.test(name);
  return `encoder.${name
    .replace('patch_embed.proj.', 'patchEmbed.')
    .replace('patch_embed.norm.', 'patchEmbed.norm.')
    .replace('layers.', 'stages.')
    .replace('attn.qkv', 'attention.qkv')
    .replace('attn.proj', 'attention.projection')
    .replace('attn.relative_position_bias_table', 'attention.relativePositionTable')
    .replace('downsample.', 'merge.')
    .replace('.weight', isNorm ? '.gamma' : '.kernel')
    .replace(/norm(\d?)\.bias/, 'norm$1.beta')}`;
}

/** Their layout -> ours: `[out, in]` to `[in, out]`, OIHW to HWIO. */
export function ourLayout(name: string, data: Float32Array, shape: readonly number[]): Tensor {
  const theirs = tensor(data, [...shape]);
  if (name.endsWith('.kernel') && shape.length === 2) return transpose(theirs);
  if (name.endsWith('.kernel') && shape.length === 4) return transpose(theirs, [2, 3, 1, 0]);
  return theirs;
}

/** The weights of the `swin-micro` fixtures under our names. */
export function swinMicroWeights(): Record<string, Tensor> {
  const file = readFileSync(sharedPath('fixtures', 'numerics', 'swin-micro', 'weights.ms.safetensors'));
  const length = Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.subarray(8, 8 + length).toString('utf8'));
  const weights: Record<string, Tensor> = {};
  for (const [name, entry] of Object.entries<{ shape: number[]; data_offsets: [number, number] }>(header)) {
    const ours = name === '__metadata__' ? null : ourName(name);
    if (ours === null || !('data_offsets' in entry) || /relative_position_index|attn_mask/.test(name)) continue;
    const [from, to] = entry.data_offsets;
    const bytes = new Uint8Array(file.subarray(8 + length + from, 8 + length + to));
    weights[ours] = ourLayout(ours, new Float32Array(bytes.buffer), entry.shape);
  }
  return weights;
}

export function swinMicroConfig(semantics: SwinConfig['semantics']): SwinConfig {
  const { config } = readSharedJson<{
    config: { embed_dim: number; depths: PerStage; num_heads: PerStage; window_size: number };
  }>('fixtures', 'numerics', 'swin-micro', 'weights.json');
  const { embed_dim: embed, depths, num_heads: heads, window_size: window } = config;
  return { embed, depths, heads, window, mlpRatio: 4, dropPath: 0, semantics };
}

/** A tensor of a fixture, NCHW, as NHWC. */
export function nhwc(fixture: Fixture, name: string): Tensor {
  const { data, shape } = fixture.tensor(name);
  return transpose(tensor(data as Float32Array, shape as number[]), [0, 2, 3, 1]);
}
