import { decodeMask, distinctColor, type Shape2D, toHex } from '@glid/head-kit';
import type { SegmentationResult } from './postprocess.ts';

/**
 * Masks of what was found: panoptic segments, else sure instances, else the classes of the semantic map. Classes have the colours of a series in
 * which neighbours differ, by their place in `labels`; instances have one each.
 */
export function drawSegmentation(result: SegmentationResult, labels: readonly string[], threshold = 0.5): Shape2D[] {
  const { size, panoptic, instances, semantic } = result;
  const mask = (label: string, inside: (pixel: number) => boolean): Shape2D => ({
    kind: 'mask',
    data: Uint8Array.from({ length: size[0] * size[1] }, (_, pixel) => (inside(pixel) ? 1 : 0)),
    size,
    label,
    color: toHex(distinctColor(labels.indexOf(label))),
  });
  if (panoptic) return panoptic.segments.map(({ id, label }) => mask(label, (p) => panoptic.ids[p] === id));
  if (instances) {
    return instances
      .filter(({ score }) => score >= threshold)
      .map(({ label, score, mask: runs }) => ({
        kind: 'mask',
        data: decodeMask(runs),
        size,
        label: `${label} ${Math.round(100 * score)}%`,
      }));
  }
  const present = new Set(semantic?.data ?? []);
  return labels.flatMap((label, i) => (present.has(i) ? [mask(label, (p) => semantic!.data[p] === i)] : []));
}
