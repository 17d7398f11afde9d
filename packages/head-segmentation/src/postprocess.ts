import { GlidError, type ImageMeta, softmaxRows } from '@glid/head-kit';
import { squeeze, type Tensor3D, tidy } from '@tensorflow/tfjs-core';
import { type SegmentationConfig, type SegmentationMode, thingFlags } from './config.ts';
import { layerCount, type SegmentationRaw } from './forward.ts';
import { type Instance, instanceInference } from './inference/instance.ts';
import { type PanopticMapResult, panopticInference } from './inference/panoptic.ts';
import { pictureOf } from './inference/resize.ts';
import { type SemanticMap, semanticFromClasses, semanticFromMasks } from './inference/semantic.ts';

/** What was asked for is there: by default the one of the head's mode. */
export interface SegmentationResult {
  readonly size: readonly [height: number, width: number];
  readonly semantic?: SemanticMap;
  readonly instances?: readonly Instance[];
  readonly panoptic?: PanopticMapResult;
}

export interface SegmentationOptions {
  /** Which inferences to make from the same masks. */
  readonly inferences?: readonly SegmentationMode[];
}

export async function segmentationPostprocess(
  config: SegmentationConfig,
  raw: SegmentationRaw,
  metas: readonly ImageMeta[],
  { inferences = [config.mode] }: SegmentationOptions = {},
): Promise<readonly SegmentationResult[]> {
  const last = layerCount(raw) - 1;
  if (config.matching === 'perClass') {
    if (inferences.some((inference) => inference !== 'semantic')) throw onlySemantic();
    const classes = raw[`classes.${last}`]!;
    return eachPicture(metas, async (meta, image) => {
      const own = tidy(() => pictureOf(classes, image));
      const semantic = await semanticFromClasses(own, meta);
      own.dispose();
      return { size: meta.originalSize, semantic };
    });
  }
  const width = config.labels.length + 1;
  const all = softmaxRows((await raw[`logits.${last}`]!.data()) as Float32Array, width);
  const things = thingFlags(config);
  return eachPicture(metas, async (meta, image) => {
    const probabilities = all.subarray(image * config.queries * width, (image + 1) * config.queries * width);
    const masks = tidy(() => squeeze(pictureOf(raw[`masks.${last}`]!, image), [0]) as Tensor3D); // [M, h, w]
    try {
      return {
        size: meta.originalSize,
        ...(inferences.includes('semantic')
          ? { semantic: await semanticFromMasks(masks, withoutNoObject(probabilities, width), width - 1, meta) }
          : {}),
        ...(inferences.includes('instance')
          ? { instances: await instanceInference(config, things, masks, probabilities, meta) }
          : {}),
        ...(inferences.includes('panoptic')
          ? { panoptic: await panopticInference(config, things, masks, probabilities, meta) }
          : {}),
      };
    } finally {
      masks.dispose();
    }
  });
}

/** One after another: full-size masks of one picture at a time. */
async function eachPicture<T>(
  metas: readonly ImageMeta[],
  work: (meta: ImageMeta, image: number) => Promise<T>,
): Promise<T[]> {
  const results: T[] = [];
  for (const [image, meta] of metas.entries()) results.push(await work(meta, image));
  return results;
}

function withoutNoObject(probabilities: Float64Array, width: number): Float32Array {
  const out = new Float32Array((probabilities.length / width) * (width - 1));
  for (let i = 0, at = 0; i < probabilities.length; i++) if (i % width < width - 1) out[at++] = probabilities[i]!;
  return out;
}

function onlySemantic(): GlidError {
  return new GlidError('GLID_USAGE', 'A head with one query a class has semantic results only.', {
    fix: "Train with matching: 'hungarian' for instances or panoptic maps.",
  });
}
