import { GlidError } from '@glid/base';
import type { TargetSources } from '@glid/data';
import type { AnyHead } from '@glid/head-kit';
import type { Format } from '../data/formats.ts';
import { usageError } from '../usage-error.ts';
import { ownHeads } from './load-head.ts';

/** Formats that carry what all the heads need, best first; undefined where nothing is common to them. */
export function formatsFor(
  heads: readonly { readonly id: string; readonly config: object }[],
): readonly Format[] | undefined {
  const [first = [], ...others] = heads.map(formatsOf);
  const common = first.filter((format) => others.every((formats) => formats.includes(format)));
  return common.length > 0 ? common : undefined;
}

function formatsOf({ id, config }: { readonly id: string; readonly config: object }): readonly Format[] {
  const { mode } = config as { readonly mode?: unknown };
  switch (id) {
    case ownHeads.detection:
      return ['coco', 'voc', 'yolo'];
    case ownHeads.depth:
      return ['depth-list'];
    case ownHeads.pose:
      return ['coco'];
    case ownHeads.segmentation:
      if (mode === 'semantic') return ['ade', 'coco-panoptic'];
      if (mode === 'panoptic') return ['coco-panoptic'];
      return mode === 'instance' ? ['coco', 'yolo'] : ['coco-panoptic', 'ade', 'coco', 'yolo'];
    default:
      return ['coco', 'voc', 'yolo', 'coco-panoptic', 'ade', 'depth-list', 'folder'];
  }
}

/** Heads as what makes targets out of records. @throws GLID_USAGE for a head that cannot */
export function sourcesOf(heads: { readonly [key: string]: AnyHead }): TargetSources {
  for (const [key, head] of Object.entries(heads)) {
    if (head.targetsFrom) continue;
    throw new GlidError('GLID_USAGE', `The head '${key}' (${head.id}) does not say what it learns from records.`, {
      fix: 'Give it `targetsFrom`, or use the API of @glid/core/train with targets of your own.',
    });
  }
  return heads as unknown as TargetSources;
}

/** Some of a model's heads. @throws GLID_USAGE for a key that it does not have */
export function chosenHeads(
  heads: { readonly [key: string]: AnyHead },
  keys: readonly string[] | undefined,
): { readonly [key: string]: AnyHead } {
  if (!keys) return heads;
  const stranger = keys.find((key) => !Object.hasOwn(heads, key));
  if (stranger === undefined) return Object.fromEntries(keys.map((key) => [key, heads[key]!]));
  throw usageError(`The model has no head '${stranger}'.`, `Its heads are: ${Object.keys(heads).join(', ')}.`);
}
