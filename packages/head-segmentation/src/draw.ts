import { decodeMask, type Shape2D } from '@glid/head-kit';
import type { SegmentationResult } from './postprocess.ts';

/** Masks of what was found: panoptic segments, else sure instances, else the classes of the semantic map. */
export function drawSegmentation(result: SegmentationResult, labels: readonly string[], threshold = 0.5): Shape2D[] {
  const { size, panoptic, instances, semantic } = result;
  if (panoptic) {
    return panoptic.segments.map(({ id, label }) => mask(size, label, (p) => panoptic.ids[p] === id));
  }
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
  return labels.flatMap((label, i) => (present.has(i) ? [mask(size, label, (p) => semantic!.data[p] === i)] : []));
}

function mask(size: readonly [number, number], label: string, inside: (pixel: number) => boolean): Shape2D {
  const data = Uint8Array.from({ length: size[0] * size[1] }, (_, pixel) => (inside(pixel) ? 1 : 0));
  return { kind: 'mask', data, size, label };
}
