import {
  applyLinear,
  defineConfig,
  defineHead,
  field,
  type HeadInputs,
  type ImageMeta,
  type LossContext,
  type LossTerms,
  l1Loss,
  linearSpecs,
  mirrorMaps,
  type Parameters,
  queryPixelProduct,
  sumTerms,
} from '@glid/head-kit';
import {
  add,
  mul,
  reshape,
  type Scalar,
  softplus,
  square,
  sub,
  sum,
  type Tensor3D,
  type Tensor4D,
  tensor,
} from '@tensorflow/tfjs-core';
import { crowdMetrics } from './metrics.ts';
import { drawCrowd, readCrowd } from './results.ts';
import { densityOf, placesOf, shownCells, type Target, targetFields } from './targets.ts';

/** `density` `[B, K, h, w]`: things a cell of the 1/4 map. */
export type Raw = { readonly density: Tensor4D };

/** An untrained head sees about softplus(-4) = 0.018 things a cell: five in a picture of 64 pixels, not hundreds. */
const quiet = { bias: { kind: 'constant', value: -4 } } as const;

/** Crowd counting by density: one query a label; its product with the 1/4 map says how many things there are in each cell. */
export const crowdCounting = defineHead({
  id: 'glid-head-crowd-counting',
  version: '0.1.0',
  task: 'crowd-counting',
  config: defineConfig({
    labels: field.labels(),
    countWeight: field.number({
      min: 0,
      default: 0.1,
      describe: 'Weight of the error of the count beside that of the map.',
    }),
  }),

  build: ({ labels, countWeight }, { hiddenSize }) => ({
    labels,
    queries: { count: labels.length, init: 'cls' as const, perLabel: true },
    parameters: { ...linearSpecs('place', hiddenSize, hiddenSize), ...linearSpecs('level', hiddenSize, 1, quiet) },
    targetFields,

    doForward(parameters: Parameters, { queries, pixels }: HeadInputs): Raw {
      const last = queries.at(-1)!; // [B, K, C]
      const products = queryPixelProduct(applyLinear(parameters, 'place', last) as Tensor3D, pixels); // [B, K, h, w]
      const levels = reshape(applyLinear(parameters, 'level', last), [-1, labels.length, 1, 1]);
      return { density: softplus(add(products, levels)) as Tensor4D };
    },

    doLoss(raw: Raw, targets: readonly Target[], _: unknown, { metas }: LossContext): LossTerms {
      const shape = raw.density.shape;
      const truth = tensor(
        targets.flatMap((target, b) => [...densityOf(target, labels.length, metas[b]!)]),
        shape,
      );
      const shown = mul(
        raw.density,
        tensor(
          metas.flatMap((meta) => [...mask(meta, shape)]),
          [shape[0], 1, shape[2], shape[3]],
        ),
      );
      const pictures = targets.length;
      const counts = l1Loss(sum(shown, [2, 3]), sum(truth, [2, 3]), pictures);
      const map = mul(sum(square(sub(shown, truth))), 1 / pictures) as Scalar;
      return sumTerms({ map, count: counts }, { count: countWeight });
    },

    doMergeMirrored: (raw: Raw, mirrored: Raw, metas: readonly ImageMeta[]): Raw => ({
      density: mul(add(raw.density, mirrorMaps(mirrored.density, metas)), 0.5) as Tensor4D,
    }),

    doPostprocess: (raw: Raw, metas: readonly ImageMeta[]) => readCrowd(raw.density, metas, labels),
    targetsFrom: async (record) => placesOf(record, labels),
    createMetrics: crowdMetrics,
    primaryMetric: { name: 'mae', better: 'lower' as const },
    draw: drawCrowd,
  }),
});

/** 1 in the cells that show the picture, `[h, w]`. */
function mask(meta: ImageMeta, [, , h, w]: readonly number[]): Float32Array {
  const [rows, columns] = shownCells(meta);
  return Float32Array.from({ length: h! * w! }, (_, i) => (i < rows * w! && i % w! < columns ? 1 : 0));
}
