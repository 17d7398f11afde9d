import { type IgnoreRule, type RenameRule, type RenameTable, type SwinScheme, withBias } from './rename-table.ts';

/*
 * All three schemes concatenate the four neighbours of patch merging in the order (0,0), (1,0), (0,1), (1,1) of (row, column), which is
 * ours, so no table permutes channels. They differ in names only, in where merging stands, and in whether q, k, v are one tensor.
 */

const block = 'encoder.stages.{s}.blocks.{b}';
const merge = 'encoder.stages.{s}.merge';
const outputNorm = 'encoder.outputNorms';

const derived: readonly IgnoreRule[] = [
  { pattern: /\.relative_position_index$/, reason: 'derived from the window size' },
  { pattern: /\.attn_mask$/, reason: 'derived from window size and shift' },
];

const refused: readonly IgnoreRule[] = [
  {
    pattern: /absolute_pos_embed|position_embeddings/,
    reason: 'absolute position embeddings are not part of this encoder',
  },
  { pattern: /logit_scale|cpb_mlp|continuous_position_bias|relative_coords_table/, reason: 'it belongs to Swin V2' },
];

/** Blocks, patch embedding and norms, which Microsoft and timm name alike. */
const shared: readonly RenameRule[] = [
  ...withBias(['patch_embed.proj'], 'encoder.patchEmbed', 'convolution', 'once'),
  ...withBias(['patch_embed.norm'], 'encoder.patchEmbed.norm', 'same', 'once'),
  ...withBias(['layers.{s}.blocks.{b}.norm1'], `${block}.norm1`, 'same', 'block'),
  {
    from: ['layers.{s}.blocks.{b}.attn.relative_position_bias_table'],
    to: `${block}.attention.relativePositionTable`,
    as: 'relativePosition',
    each: 'block',
  },
  ...withBias(['layers.{s}.blocks.{b}.attn.qkv'], `${block}.attention.qkv`, 'linear', 'block'),
  ...withBias(['layers.{s}.blocks.{b}.attn.proj'], `${block}.attention.projection`, 'linear', 'block'),
  ...withBias(['layers.{s}.blocks.{b}.norm2'], `${block}.norm2`, 'same', 'block'),
  ...withBias(['layers.{s}.blocks.{b}.mlp.fc1'], `${block}.mlp.fc1`, 'linear', 'block'),
  ...withBias(['layers.{s}.blocks.{b}.mlp.fc2'], `${block}.mlp.fc2`, 'linear', 'block'),
  ...withBias(['norm{s}'], `${outputNorm}.{s}`, 'same', 'stage', { optional: true }),
  ...withBias(['norm'], `${outputNorm}.{last}`, 'same', 'once', { optional: true, finalNorm: true }),
];

function merging(from: string): RenameRule[] {
  return [
    ...withBias([`${from}.norm`], `${merge}.norm`, 'same', 'merge'),
    { from: [`${from}.reduction.weight`], to: `${merge}.reduction.kernel`, as: 'linear', each: 'merge' },
  ];
}

/** Microsoft's classification and detection releases, mmdetection forks, Mask2Former, SimMIM, timm before 0.9: merging ENDS a stage. */
const microsoft: RenameTable = {
  scheme: 'microsoft',
  anchor: 'patch_embed.proj.weight',
  rules: [...shared, ...merging('layers.{s}.downsample')],
  ignored: [
    ...derived,
    { pattern: /^head\.(weight|bias)$/, reason: 'ImageNet classifier' },
    { pattern: /^mask_token$/, reason: 'mask token of SimMIM, a pixel-space embedding' },
  ],
  refused,
};

/** timm 0.9 and later: merging STARTS the next stage. */
const timm: RenameTable = {
  scheme: 'timm',
  anchor: 'patch_embed.proj.weight',
  rules: [...shared, ...merging('layers.{s+1}.downsample')],
  ignored: [...derived, { pattern: /^head\.(fc\.)?(weight|bias)$/, reason: 'ImageNet classifier' }],
  refused,
};

const hfBlock = 'encoder.layers.{s}.blocks.{b}';
const hfAttention = `${hfBlock}.attention.self`;

/** Hugging Face transformers (SwinModel, SwinForImageClassification, SwinBackbone): q, k and v are three tensors. */
const huggingFace: RenameTable = {
  scheme: 'huggingFace',
  anchor: 'embeddings.patch_embeddings.projection.weight',
  rules: [
    ...withBias(['embeddings.patch_embeddings.projection'], 'encoder.patchEmbed', 'convolution', 'once'),
    ...withBias(['embeddings.norm'], 'encoder.patchEmbed.norm', 'same', 'once'),
    ...withBias([`${hfBlock}.layernorm_before`], `${block}.norm1`, 'same', 'block'),
    {
      from: [`${hfAttention}.relative_position_bias_table`],
      to: `${block}.attention.relativePositionTable`,
      as: 'relativePosition',
      each: 'block',
    },
    ...withBias(
      [`${hfAttention}.query`, `${hfAttention}.key`, `${hfAttention}.value`],
      `${block}.attention.qkv`,
      'linear',
      'block',
    ),
    ...withBias([`${hfBlock}.attention.output.dense`], `${block}.attention.projection`, 'linear', 'block'),
    ...withBias([`${hfBlock}.layernorm_after`], `${block}.norm2`, 'same', 'block'),
    ...withBias([`${hfBlock}.intermediate.dense`], `${block}.mlp.fc1`, 'linear', 'block'),
    ...withBias([`${hfBlock}.output.dense`], `${block}.mlp.fc2`, 'linear', 'block'),
    ...merging('encoder.layers.{s}.downsample'),
    ...withBias(['hidden_states_norms.stage{s+1}'], `${outputNorm}.{s}`, 'same', 'stage', { optional: true }),
    ...withBias(['layernorm'], `${outputNorm}.{last}`, 'same', 'once', { optional: true, finalNorm: true }),
  ],
  ignored: [
    ...derived,
    { pattern: /^classifier\.(weight|bias)$/, reason: 'ImageNet classifier' },
    { pattern: /^embeddings\.mask_token$/, reason: 'mask token of SimMIM, a pixel-space embedding' },
  ],
  refused,
};

export const swinTables: Readonly<Record<SwinScheme, RenameTable>> = { timm, microsoft, huggingFace };
