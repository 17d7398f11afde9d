import {
  applyLinear,
  defineConfig,
  defineHead,
  type HeadInputs,
  type ImageMeta,
  linearSpecs,
  meanMetrics,
  type Parameters,
  queryPixelProduct,
  type Shape2D,
  sumTerms,
  type TargetOf,
} from '@glid/head-kit';
import { resizeBilinear } from '@glid/ops';
import {
  abs,
  mul,
  pad,
  reverse,
  type Scalar,
  slice,
  sub,
  sum,
  type Tensor3D,
  type Tensor4D,
  tensor4d,
  tidy,
  transpose,
} from '@tensorflow/tfjs-core';

const ignore = 9;
const targetFields = { normals: { kind: 'map', interpolation: 'bilinear', ignore, negateOnFlip: [0] } } as const;
type Target = TargetOf<typeof targetFields>;
type Raw = { normals: Tensor4D };

/** Vectors a pixel, not of unit length, `[height, width, 3]`: x to the right, y down, z towards the viewer. */
export interface NormalMap {
  readonly size: readonly [height: number, width: number];
  readonly data: Float32Array;
}

/** Where every surface faces: a target that a mirror changes. */
export const normals = defineHead({
  id: '@glid-test/head-normals',
  version: '1.0.0',
  task: 'surface-normals',
  config: defineConfig({}),
  build: (_, { hiddenSize }) => ({
    labels: [],
    queries: { count: 3, init: 'cls' as const },
    parameters: linearSpecs('axis', hiddenSize, hiddenSize),
    targetFields,

    doForward(parameters: Parameters, { queries, pixels }: HeadInputs): Raw {
      const axes = applyLinear(parameters, 'axis', queries.at(-1)!) as Tensor3D;
      return { normals: mul(queryPixelProduct(axes, pixels), 1 / Math.sqrt(hiddenSize)) as Tensor4D };
    },

    doLoss(raw: Raw, targets: readonly Target[]) {
      const [batch, , h, w] = raw.normals.shape;
      const truth = new Float32Array(batch * 3 * h * w);
      const known = new Float32Array(truth.length);
      targets.forEach(({ normals: { data, shape } }, b) => {
        const [, rows, columns] = shape as [number, number, number];
        for (let p = 0, i = b * 3 * h * w; p < 3; p++) {
          for (let y = 0; y < h; y++) {
            for (let x = 0; x < w; x++, i++) {
              const value = data[(p * rows + y * 4) * columns + x * 4] ?? ignore;
              if (value !== ignore) [truth[i], known[i]] = [value, 1];
            }
          }
        }
      });
      const count = known.reduce((all, one) => all + one, 0);
      const errors = mul(abs(sub(raw.normals, tensor4d(truth, raw.normals.shape))), tensor4d(known, raw.normals.shape));
      return sumTerms({ normals: mul(sum(errors), 1 / Math.max(1, count)) as Scalar });
    },

    doPostprocess: (raw: Raw, metas: readonly ImageMeta[]): Promise<NormalMap[]> =>
      Promise.all(metas.map((meta, b) => normalMap(raw.normals, b, meta))),

    createMetrics: () =>
      meanMetrics<NormalMap, Target>(({ result, target }) => {
        const plane = result.data.length / 3;
        const error = (v: number, i: number): number =>
          Math.abs(v - target.normals.data[(i % 3) * plane + Math.floor(i / 3)]!);
        return { error: result.data.reduce((all, v, i) => all + error(v, i), 0) / result.data.length };
      }),
    primaryMetric: { name: 'error', better: 'lower' as const },

    draw: ({ data, size }: NormalMap): Shape2D[] => [
      { kind: 'picture', size, data: Uint8ClampedArray.from(data, (v) => 128 + 40 * v) },
    ],
  }),
});

async function normalMap(normals: Tensor4D, b: number, meta: ImageMeta): Promise<NormalMap> {
  const [height, width] = meta.originalSize;
  const part = meta.crop ?? { x: 0, y: 0, width, height };
  const [h, w] = meta.resizedSize.map((n) => Math.ceil(n / 4)) as [number, number];
  const map = tidy(() => {
    const shown = transpose(slice(normals, [b, 0, 0, 0], [1, 3, h, w]), [0, 2, 3, 1]) as Tensor4D;
    const large = resizeBilinear(shown, [Math.round(part.height), Math.round(part.width)]);
    const straight = meta.flippedHorizontally ? mul(reverse(large, 2), [-1, 1, 1]) : large;
    const [, rows, columns] = straight.shape as number[];
    const [top, left] = [Math.round(part.y), Math.round(part.x)];
    return pad(straight, [
      [0, 0],
      [top, height - top - rows!],
      [left, width - left - columns!],
      [0, 0],
    ]);
  });
  const data = (await map.data()) as Float32Array;
  map.dispose();
  return { size: [height, width], data };
}
