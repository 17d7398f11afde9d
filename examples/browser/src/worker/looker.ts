import { GlidError } from '@glid/base';
import { decoderStrides, resizedSize } from '@glid/core';
import type { Found, Prediction } from '../protocol.ts';
import { drawShapes, drawWeights } from './canvas.ts';
import { describeResult, queryAt } from './found.ts';
import type { ModelBench } from './model-bench.ts';
import type { PictureShelf } from './picture-shelf.ts';

/** Asks the model about pictures and draws what it says. */
export class Looker {
  readonly #bench: ModelBench;
  readonly #shelf: PictureShelf;
  #last: { readonly [key: string]: unknown } = {};

  constructor(bench: ModelBench, shelf: PictureShelf) {
    this.#bench = bench;
    this.#shelf = shelf;
  }

  /** One pass of encoder and neck for all heads that are asked. */
  async look(id: number, keys: readonly string[]): Promise<Prediction> {
    const { image } = this.#shelf.get(id);
    const { model } = this.#bench;
    const began = performance.now();
    const results = keys.length > 0 ? await model.predict(image, { heads: keys }) : {};
    const milliseconds = performance.now() - began;
    this.#last = results;
    const shapes = keys.flatMap((key) => model.heads[key]!.draw?.(results[key]) ?? []);
    const found = keys.flatMap((key) => describeResult(key, model.heads[key]!, results[key]));
    return { bitmap: drawShapes(image, shapes), milliseconds, found };
  }

  /** The query that answered for a point of the last picture. */
  pick(x: number, y: number): Found | null {
    const { heads } = this.#bench.model;
    const found = Object.entries(this.#last).flatMap(([key, result]) => queryAt(key, heads[key]!, result, x, y) ?? []);
    // A class is found at every point: what has a place of its own comes first.
    return found.find(({ head }) => !heads[head]!.task.includes('segmentation')) ?? found[0] ?? null;
  }

  /** Where one query of one decoder layer looked: its weights, averaged over the attention heads. */
  async attention(id: number, head: string, query: number, layer: number): Promise<ImageBitmap> {
    const { image } = this.#shelf.get(id);
    const maps = await this.#bench.model.attention(image, head);
    const map = maps[layer];
    if (!map || !(query < map.shape[1])) {
      throw new GlidError('GLID_USAGE', `There is no query ${query} in layer ${layer}.`, { fix: 'Choose another.' });
    }
    const [heads, queries, rows, columns] = map.shape;
    const weights = new Float32Array(rows * columns);
    for (let h = 0; h < heads; h++) {
      const from = (h * queries + query) * weights.length;
      for (let i = 0; i < weights.length; i++) weights[i]! += map.data[from + i]! / heads;
    }
    const stride = decoderStrides[layer % decoderStrides.length]!;
    const fed = resizedSize([image.height, image.width], { longest: this.#bench.side });
    return drawWeights(image, weights, [rows, columns], [fed[0] / stride, fed[1] / stride]);
  }
}
