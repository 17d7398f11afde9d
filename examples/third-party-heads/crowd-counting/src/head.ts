import {
  applyLinear,
  defineConfig,
  defineHead,
  field,
  type HeadInputs,
  type ImageMeta,
  type LossContext,
  type LossTerms,
  linearSpecs,
  mirrorMaps,
  type Parameters,
  queryPixelProduct,
  sumTerms,
} from '@glid/head-kit';
import {
  add,
  log,
  mul,
  reshape,
  type Scalar,
  softplus,
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

const zeros = { kind: 'zeros' } as const;

/** An untrained head sees softplus(-5) = 0.007 things of each label in every cell: two in a picture of 64 pixels, wherever it looks. */
const few = { kind: 'constant', value: -5 } as const;

/** Keeps the logarithm finite. */
const tiny = 1e-8;

/** Crowd counting by density: one query a label; its product with the 1/4 map says how many things there are in each cell. */
export const crowdCounting = defineHead({
  id: 'glid-head-crowd-counting',
  version: '0.1.0',
  task: 'crowd-counting',
  config: defineConfig({ labels: field.labels() }),

  build: ({ labels }, { hiddenSize }) => ({
    labels,
    queries: { count: labels.length, init: 'cls' as const, perLabel: true },
    parameters: {
      ...linearSpecs('place', hiddenSize, hiddenSize, { kernel: zeros }),
      ...linearSpecs('level', hiddenSize, 1, { kernel: zeros, bias: few }),
    },
    targetFields,

    doForward(parameters: Parameters, { queries, pixels }: HeadInputs): Raw {
      const last = queries.at(-1)!; // [B, K, C]
      const products = queryPixelProduct(applyLinear(parameters, 'place', last) as Tensor3D, pixels); // [B, K, h, w]
      const levels = reshape(applyLinear(parameters, 'level', last), [-1, labels.length, 1, 1]);
      // A mean over channels: as a sum, one step of the optimizer would change the count of a whole picture by several things.
      return { density: softplus(add(mul(products, 1 / hiddenSize), levels)) as Tensor4D };
    },

    /**
     * Half the Poisson deviance of the cells, 0 at the true density. Nearly all cells are empty: squared errors would teach the head to see
     * nothing anywhere, while this one is least only where the sum, which is the count, is right.
     */
    doLoss(raw: Raw, targets: readonly Target[], _: unknown, { metas }: LossContext): LossTerms {
      const [, , h, w] = raw.density.shape;
      const truth = targets.flatMap((target, b) => [...densityOf(target, labels.length, metas[b]!)]);
      const shown = metas.flatMap((meta) => [...mask(meta, h, w)]);
      const expected = mul(raw.density, tensor(shown, [metas.length, 1, h, w]));
      const unlikely = sub(expected, mul(tensor(truth, raw.density.shape), log(add(raw.density, tiny))));
      const least = truth.reduce((all, t) => (t > 0 ? all + t * (1 - Math.log(t)) : all), 0);
      return sumTerms({ density: mul(sub(sum(unlikely), least), 1 / targets.length) as Scalar });
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
function mask(meta: ImageMeta, h: number, w: number): Float32Array {
  const [rows, columns] = shownCells(meta);
  return Float32Array.from({ length: h * w }, (_, i) => (i < rows * w && i % w < columns ? 1 : 0));
}
