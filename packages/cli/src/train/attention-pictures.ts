import type { Dataset, RgbImage } from '@glid/base';
import type { AttentionMap, Model } from '@glid/core';
import type { ReportPicture } from '@glid/core/train';
import { encodePng } from '../files/png.ts';

const shownPictures = 2;
const shownQueries = 4;
/** Every third decoder layer looks at the map of this stride, the finest. */
const finest = { every: 3, stride: 8 } as const;

/**
 * Where queries look: the picture, aglow with the cross-attention of the last decoder layer that sees the finest map, mean over attention
 * heads. Of each head the queries that look most sharply.
 *
 * @param longest side of the network input, pixels
 */
export async function attentionPictures(
  model: Model,
  dataset: Dataset,
  longest: number,
): Promise<{ readonly [heading: string]: readonly ReportPicture[] }> {
  const galleries: Record<string, ReportPicture[]> = {};
  for (const [key, head] of Object.entries(model.heads)) {
    const pictures: ReportPicture[] = [];
    for (let i = 0; i < Math.min(shownPictures, dataset.length); i++) {
      const image = await (await dataset.get(i)).image();
      const layers = await model.attention(image, key);
      const layer = Math.floor(layers.length / finest.every) * finest.every - 1;
      if (layer < 0) return {};
      const maps = meanOverHeads(layers[layer]!);
      const scale = longest / Math.max(image.width, image.height) / finest.stride;
      for (const query of sharpest(maps)) {
        const png = encodePng({ ...lit(image, maps[query]!, layers[layer]!.shape[3], scale), channels: 3 });
        const name = head.labels.length === maps.length ? head.labels[query]! : `query ${query + 1} of ${maps.length}`;
        pictures.push({
          title: `Picture ${i + 1}: ${name}`,
          dataUri: `data:image/png;base64,${Buffer.from(png).toString('base64')}`,
        });
      }
    }
    galleries[`Where queries look: ${key}`] = pictures;
  }
  return galleries;
}

/** `[heads, Q, h, w]` -> one map `[h, w]` a query. */
function meanOverHeads({ data, shape: [heads, queries, height, width] }: AttentionMap): Float32Array[] {
  const cells = height * width;
  return Array.from({ length: queries }, (_, query) => {
    const map = new Float32Array(cells);
    for (let head = 0; head < heads; head++) {
      const from = (head * queries + query) * cells;
      for (let cell = 0; cell < cells; cell++) map[cell]! += data[from + cell]! / heads;
    }
    return map;
  });
}

/** Indices of the queries whose highest weight is highest, in order of index. */
function sharpest(maps: readonly Float32Array[]): number[] {
  const peaks = maps.map((map, query) => ({ query, peak: Math.max(...map) }));
  return peaks
    .sort((a, b) => b.peak - a.peak)
    .slice(0, shownQueries)
    .map(({ query }) => query)
    .sort((a, b) => a - b);
}

const glow = [255, 150, 0] as const;

/** The picture in grey, glowing where the map is high. */
function lit(
  { width, height, data }: RgbImage,
  map: Float32Array,
  columns: number,
  scale: number,
): { width: number; height: number; data: Uint8Array } {
  const most = Math.max(...map);
  const rows = map.length / columns;
  const at = (row: number, column: number): number =>
    map[Math.min(rows - 1, Math.max(0, row)) * columns + Math.min(columns - 1, Math.max(0, column))]! / most;
  const enlarge = Math.max(1, Math.round(256 / Math.max(width, height)));
  const out = new Uint8Array(width * enlarge * height * enlarge * 3);
  for (let y = 0, o = 0; y < height * enlarge; y++) {
    const v = ((y + 0.5) / enlarge) * scale - 0.5;
    const [top, below] = [Math.floor(v), v - Math.floor(v)];
    const row = Math.floor(y / enlarge) * width;
    for (let x = 0; x < width * enlarge; x++) {
      const u = ((x + 0.5) / enlarge) * scale - 0.5;
      const [left, right] = [Math.floor(u), u - Math.floor(u)];
      const upper = at(top, left) * (1 - right) + at(top, left + 1) * right;
      const lower = at(top + 1, left) * (1 - right) + at(top + 1, left + 1) * right;
      const share = 0.8 * (upper * (1 - below) + lower * below);
      const i = 3 * (row + Math.floor(x / enlarge));
      const grey = 0.7 * (0.299 * data[i]! + 0.587 * data[i + 1]! + 0.114 * data[i + 2]!);
      for (let c = 0; c < 3; c++) out[o++] = Math.round(grey * (1 - share) + glow[c]! * share);
    }
  }
  return { width: width * enlarge, height: height * enlarge, data: out };
}
