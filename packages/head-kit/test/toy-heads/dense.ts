import {
  applyLinear,
  defineConfig,
  defineHead,
  field,
  type HeadInputs,
  type ImageMeta,
  type LossTerms,
  linearSpecs,
  type MetricSample,
  type Parameters,
  type Shape2D,
  type TargetOf,
  weightedCrossEntropy,
} from '@glid/head-kit';
import { resizeBilinear } from '@glid/ops';
import { add, div, expandDims, mean, mul, reshape, scalar, slice, type Tensor4D, tidy } from '@tensorflow/tfjs-core';

const ignore = 255;
const targetFields = { classes: { kind: 'map', interpolation: 'nearest', ignore } } as const;
type Target = TargetOf<typeof targetFields>;

/** A class index a pixel; 255 where nothing was fed. */
export interface ClassMap {
  readonly size: readonly [height: number, width: number];
  readonly data: Uint8Array;
}

const specs = (width: number, classes: number) => ({
  ...linearSpecs('pixel', width, classes, { labelAxis: 'output' }),
  ...linearSpecs('scene', width, classes, { labelAxis: 'output', bias: false }),
});

/** A class for every pixel, from the pixel, the mean of all pixels and the queries together. */
export const dense = defineHead({
  id: '@glid-test/head-dense',
  version: '1.0.0',
  task: 'semantic-segmentation',
  config: defineConfig({ labels: field.labels(), queries: field.integer({ min: 1, default: 3 }) }),
  build: ({ labels, queries }, { hiddenSize }) => ({
    labels,
    queries: { count: queries, init: 'cls' as const },
    parameters: specs(hiddenSize, labels.length),
    targetFields,

    doForward(parameters: Parameters, inputs: HeadInputs): { logits: Tensor4D } {
      const { pixels, pixelMask } = inputs;
      const visible = pixelMask ? mul(pixels, expandDims(pixelMask, 3)) : pixels;
      const cells = pixelMask ? mean(pixelMask, [1, 2]) : scalar(1);
      const overall = div(mean(visible, [1, 2]), reshape(cells, [-1, 1]));
      const scene = applyLinear(parameters, 'scene', add(overall, mean(inputs.queries.at(-1)!, 1)));
      const perPixel = applyLinear(parameters, 'pixel', visible);
      return { logits: add(perPixel, expandDims(expandDims(scene, 1), 1)) as Tensor4D };
    },

    doLoss(raw: { logits: Tensor4D }, targets: readonly Target[]): LossTerms {
      const [batch, h, w] = raw.logits.shape;
      const classes = new Int32Array(batch * h * w).fill(ignore);
      targets.forEach(({ classes: { data, shape } }, b) => {
        for (let y = 0; y < h; y++) {
          for (let x = 0; x < w; x++) classes[(b * h + y) * w + x] = data[y * 4 * shape[1]! + x * 4]!;
        }
      });
      const total = weightedCrossEntropy(raw.logits, classes, { ignore });
      return { total, terms: { class: total } };
    },

    async doPostprocess(raw: { logits: Tensor4D }, metas: readonly ImageMeta[]): Promise<ClassMap[]> {
      return Promise.all(metas.map((meta, b) => classMap(raw.logits, b, meta)));
    },

    createMetrics() {
      let right = 0;
      let known = 0;
      return {
        update(batch: readonly MetricSample<ClassMap, Target>[]) {
          for (const { result, target } of batch) {
            target.classes.data.forEach((label, i) => {
              if (label === ignore) return;
              known++;
              if (result.data[i] === label) right++;
            });
          }
        },
        compute: () => ({ accuracy: right / known }),
        reset() {
          right = 0;
          known = 0;
        },
      };
    },
    primaryMetric: { name: 'accuracy', better: 'higher' as const },

    draw: ({ data, size }: ClassMap): Shape2D[] =>
      labels.map((label, k) => ({ kind: 'mask', data: data.map((v) => (v === k ? 1 : 0)), size, label })),
  }),
});

async function classMap(logits: Tensor4D, picture: number, meta: ImageMeta): Promise<ClassMap> {
  const [height, width] = meta.originalSize;
  const place = meta.crop ?? { x: 0, y: 0, width, height };
  const valid = meta.resizedSize.map((n) => Math.ceil(n / 4)) as [number, number];
  const resized = tidy(() => {
    const own = slice(logits, [picture, 0, 0, 0], [1, ...valid, -1]) as Tensor4D;
    return resizeBilinear(own, [Math.round(place.height), Math.round(place.width)]);
  });
  const [, h, w, classes] = resized.shape;
  const scores = await resized.data();
  resized.dispose();
  const data = new Uint8Array(height * width).fill(ignore);
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) {
      const from = (y * w + (meta.flippedHorizontally ? w - 1 - x : x)) * classes;
      let best = 0;
      for (let k = 1; k < classes; k++) if (scores[from + k]! > scores[from + best]!) best = k;
      data[(Math.round(place.y) + y) * width + Math.round(place.x) + x] = best;
    }
  }
  return { size: [height, width], data };
}
