import {
  applyLinear,
  type DefinedHead,
  defineConfig,
  defineHead,
  field,
  type HeadBody,
  type HeadFactory,
  linearSpecs,
  mirrorMaps,
  queryPixelProduct,
} from '@glid/head-kit';
import { add, mean, mul, type Scalar, square, sub, type Tensor, type Tensor3D, tensor } from '@tensorflow/tfjs-core';

interface TagResult {
  readonly scores: { readonly [label: string]: number };
}
type TagBody = HeadBody<
  ReturnType<typeof linearSpecs>,
  { logits: Tensor },
  { tags: { kind: 'value' } },
  undefined,
  TagResult,
  { scale?: number }
>;
type TagConfig = { readonly labels: readonly string[] };
export type TagHead = DefinedHead<TagConfig, TagBody>;

/** Rates each label of a picture: one query a label, `q_i = CLS + e_i`. */
export const tags: HeadFactory<TagConfig, TagHead, TagConfig> = defineHead<TagConfig, TagBody, TagConfig>({
  id: '@glid/test-tags',
  version: '1.0.0',
  task: 'tags',
  config: defineConfig({ labels: field.labels() }),
  build: ({ labels }, { hiddenSize }) => ({
    labels,
    queries: { count: labels.length, init: 'cls' },
    parameters: linearSpecs('score', hiddenSize, 1),
    targetFields: { tags: { kind: 'value' } },
    doForward: (parameters, { queries }) => ({ logits: applyLinear(parameters, 'score', queries.at(-1)!) }),
    doLoss: ({ logits }, targets) => {
      const wanted = tensor(
        targets.flatMap(({ tags: t }) => Array.from(t.data)),
        logits.shape,
      );
      const total = mean(square(sub(logits, wanted))) as Scalar;
      return { total, terms: { tags: total } };
    },
    doPostprocess: async ({ logits }, metas, options) => {
      const values = await logits.data();
      return metas.map((_, b) => ({
        scores: Object.fromEntries(
          labels.map((label, i) => [label, values[b * labels.length + i]! * (options?.scale ?? 1)]),
        ),
      }));
    },
    createMetrics: () => ({ update: () => undefined, compute: () => ({ error: 0 }), reset: () => undefined }),
    primaryMetric: { name: 'error', better: 'lower' },
  }),
});

interface FieldResult {
  readonly height: number;
  readonly width: number;
  readonly data: Float32Array;
}
type FieldBody = HeadBody<
  ReturnType<typeof linearSpecs>,
  { map: Tensor },
  { field: { kind: 'value' } },
  undefined,
  FieldResult
>;
type FieldConfig = { readonly queries: number };
export type FieldHead = DefinedHead<FieldConfig, FieldBody>;

/** A dense map: the sum over learned queries of their products with the 1/4 map. */
export const fieldMap: HeadFactory<FieldConfig, FieldHead> = defineHead<FieldConfig, FieldBody>({
  id: '@glid/test-field',
  version: '1.0.0',
  task: 'field',
  config: defineConfig({ queries: field.integer({ min: 1, default: 3 }) }),
  build: ({ queries: count }, { hiddenSize }) => ({
    labels: [],
    queries: { count, init: 'learned', embedding: { kind: 'truncatedNormal', std: 1 } },
    parameters: linearSpecs('embedding', hiddenSize, hiddenSize),
    targetFields: { field: { kind: 'value' } },
    doForward: (parameters, { queries, pixels }) => {
      const embeddings = applyLinear(parameters, 'embedding', queries.at(-1)!) as Tensor3D;
      return { map: mean(queryPixelProduct(embeddings, pixels), 1) };
    },
    doMergeMirrored: ({ map }, mirrored, metas) => ({ map: mul(add(map, mirrorMaps(mirrored.map, metas)), 0.5) }),
    doLoss: ({ map }) => {
      const total = mean(square(map)) as Scalar;
      return { total, terms: { field: total } };
    },
    doPostprocess: async ({ map }, metas) => {
      const values = await map.data<'float32'>();
      const [, rows, columns] = map.shape as [number, number, number];
      return metas.map(({ resizedSize: [h, w] }, b) => {
        const [height, width] = [Math.ceil(h / 4), Math.ceil(w / 4)];
        const data = Float32Array.from({ length: height * width }, (_, i) => {
          return values[(b * rows + Math.floor(i / width)) * columns + (i % width)]!;
        });
        return { height, width, data };
      });
    },
    createMetrics: () => ({ update: () => undefined, compute: () => ({ error: 0 }), reset: () => undefined }),
    primaryMetric: { name: 'error', better: 'lower' },
  }),
});
