import { GlidError } from '@glid/base';
import {
  type Checkpoint,
  type CheckpointHead,
  createModel,
  fromFile,
  type HeadRecipe,
  headOf,
  loadWeights,
  type Model,
  type ModelConfig,
} from '@glid/core';
import type { Json } from '@glid/head-kit';
import { type AnyFactory, loadHead, ownHeadById, ownHeads } from '../heads/load-head.ts';
import { checkpointFile } from './checkpoint-file.ts';

/** A model as its checkpoint describes it. */
export interface OpenedModel {
  readonly model: Model;
  readonly file: string;
  readonly checkpoint: Checkpoint;
  /** Height and width of the pictures it was trained on; where the checkpoint does not say, what is usual for its network. */
  readonly size: readonly [number, number];
  /** Whether the checkpoint says it. */
  readonly sizeKnown: boolean;
}

/**
 * Builds the model of a checkpoint. Its heads must be this project's own or be given by the user: nothing that a checkpoint names
 * is ever imported.
 *
 * @param heads what the user wrote after `--head`
 * @throws GLID_CHECKPOINT_HEAD_UNKNOWN with the package to install
 */
export async function openModel(path: string, heads: readonly string[] = []): Promise<OpenedModel> {
  const file = await checkpointFile(path);
  const checkpoint = await loadWeights(fromFile(file));
  const { about } = checkpoint;
  if (!about) {
    throw new GlidError('GLID_CHECKPOINT', `${file} holds weights, but no GLID model.`, {
      fix: 'Use it with --from to train a model, or give a checkpoint that glid has written.',
      details: { file },
    });
  }
  if (about.heads.length === 0) {
    throw new GlidError('GLID_CHECKPOINT', `${file} has no head: it is pre-trained only.`, {
      fix: `Fine-tune it first: glid finetune --head detection --from ${file} --data … --out …`,
      details: { file },
    });
  }
  const given = await Promise.all(heads.map(loadHead));
  const recipes: Record<string, HeadRecipe> = {};
  for (const head of about.heads) {
    const own = given.find(({ factory }) => factory.id === head.id)?.factory ?? (await ownHeadById(head.id));
    if (!own) throw unknownHead(file, head);
    recipes[head.key] = headOf(own, configFor(own, head) as never);
  }
  const backbone = about.backbone as unknown as ModelConfig;
  const stored = sizeIn(about.provenance);
  const resize = stored ? { resize: { longest: Math.max(...stored) } } : {};
  const model = await createModel({ backbone, heads: recipes, weights: checkpoint, ...resize });
  const longest = model.resize.longest!;
  const size = stored ?? ([longest, longest] as const);
  return { model: model as unknown as Model, file, checkpoint, size, sizeKnown: stored !== undefined };
}

/** What to tell of a checkpoint without a size. `option` sets another. */
export function unknownSize({ file, size }: OpenedModel, option: string): string {
  return `${file} does not say at which size it was trained: pictures are made ${Math.max(...size)} px long; ${option} sets another size.`;
}

function configFor(factory: AnyFactory, { config, version }: CheckpointHead): Json {
  return factory.migrateConfig ? factory.migrateConfig(config, version) : config;
}

function unknownHead(file: string, { key, id, version }: CheckpointHead): GlidError {
  const own = Object.values(ownHeads).some((name) => name === id);
  return new GlidError(
    'GLID_CHECKPOINT_HEAD_UNKNOWN',
    `${file}: its head '${key}' is '${id}' ${version}, which is not here.`,
    {
      fix: `Run: npm install ${id}@^${version}${own ? '' : `, then add: --head ${id}`}`,
      details: { file, key, id, version },
    },
  );
}

/** The size that training wrote down, else the square of the longest side that the model made pictures. */
function sizeIn(provenance: Json): readonly [number, number] | undefined {
  const { size, resize } = (provenance ?? {}) as { size?: unknown; resize?: { longest?: unknown } | null };
  const isSide = (side: unknown): side is number => typeof side === 'number' && Number.isInteger(side) && side > 0;
  if (Array.isArray(size) && size.length === 2 && size.every(isSide)) return size as unknown as [number, number];
  const longest = resize?.longest;
  return isSide(longest) ? [longest, longest] : undefined;
}
