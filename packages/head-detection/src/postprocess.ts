import { type ImageMeta, softmaxRows } from '@glid/head-kit';
import { corners } from './assign.ts';
import type { DetectionConfig } from './config.ts';
import { type DetectionRaw, layerCount } from './forward.ts';

/** One found object, in original pixels. */
export interface Detection {
  readonly label: string;
  /** Probability of the label, 0..1. */
  readonly score: number;
  /** x0, y0, x1, y1. */
  readonly box: readonly [number, number, number, number];
  /** The query that answered: its row in `Model.attention`'s maps shows what it looked at. */
  readonly query: number;
}

/** The objects of one picture, best first. */
export interface DetectionResult {
  readonly detections: readonly Detection[];
  readonly size: readonly [height: number, width: number];
}

export interface DetectionOptions {
  /** Leave out what scores less. 0 by default: metrics need all. */
  readonly threshold?: number;
  /** Keep at most so many, the best. */
  readonly limit?: number;
}

/** DETR's post-processing: the best class that is not "no object", every query kept, no suppression of neighbours. */
export async function detectionPostprocess(
  config: DetectionConfig,
  raw: DetectionRaw,
  metas: readonly ImageMeta[],
  { threshold = 0, limit = config.queries }: DetectionOptions = {},
): Promise<readonly DetectionResult[]> {
  const last = layerCount(raw) - 1;
  const [logits, boxes] = await Promise.all([raw[`logits.${last}`]!.data(), raw[`boxes.${last}`]!.data()]);
  const width = config.labels.length + 1;
  const probabilities = softmaxRows(logits, width);
  const edges = corners(boxes as Float32Array);
  return metas.map((meta, image) => {
    const found: Detection[] = [];
    for (let row = image * config.queries; row < (image + 1) * config.queries; row++) {
      let best = 0;
      for (let k = 1; k < width - 1; k++) {
        if (probabilities[row * width + k]! > probabilities[row * width + best]!) best = k;
      }
      const score = probabilities[row * width + best]!;
      if (score < threshold) continue;
      const box = toOriginal(edges, 4 * row, meta);
      found.push({ label: config.labels[best]!, score, box, query: row - image * config.queries });
    }
    found.sort((a, b) => b.score - a.score);
    return { detections: found.slice(0, limit), size: meta.originalSize };
  });
}

/** Relative corners -> original pixels: undoes flip and crop. */
function toOriginal(edges: Float32Array, at: number, meta: ImageMeta): Detection['box'] {
  const { x = 0, y = 0, height = meta.originalSize[0], width = meta.originalSize[1] } = meta.crop ?? {};
  const [left, right] = meta.flippedHorizontally ? [1 - edges[at + 2]!, 1 - edges[at]!] : [edges[at]!, edges[at + 2]!];
  return [x + left * width, y + edges[at + 1]! * height, x + right * width, y + edges[at + 3]! * height];
}
