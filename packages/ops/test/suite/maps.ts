import type { Tensor1D, Tensor4D } from '@tensorflow/tfjs-core';
import { conv2d, depthwiseConv2d, maxPool } from '@tensorflow/tfjs-core';
import {
  fuseAndMix,
  fusionNode,
  maskProduct,
  type Resampling,
  resizeBilinear,
  resizeNearest,
  samplePoints,
} from '../../src/index.ts';
import type { OpCase } from './op-case.ts';
import { fixed, normal, opCase, uniform } from './op-case.ts';
import { matrixProduct, swish } from './reference/basic.ts';
import * as exact from './reference/maps.ts';

function fusionCase(shape: [number, number, number, number], weights: number[], activation: 'swish' | 'none'): OpCase {
  const names = weights.map((_, k) => `x${k}`);
  return opCase<string>({
    op: 'fusionNode',
    what: `[${shape}], weights ${weights.join(', ')}, ${activation}`,
    inputs: {
      ...Object.fromEntries(names.map((name) => [name, [shape] as const])),
      weights: [[weights.length], fixed(...weights)],
    },
    outputShape: shape,
    run: (t) =>
      fusionNode(
        names.map((name) => t[name] as Tensor4D),
        t.weights as Tensor1D,
        { activation },
      ),
    reference: (values) => {
      const positive = Array.from(values.weights!, (w) => Math.max(0, w));
      const total = positive.reduce((a, b) => a + b, 0) + 1e-4;
      return values.x0!.map((_, i) => {
        const blended = names.reduce((s, name, k) => s + (positive[k]! / total) * values[name]![i]!, 0);
        return activation === 'swish' ? swish(blended) : blended;
      });
    },
    // With all weights at zero the eps alone divides: the gradient of the weights is 1e4 times the maps.
    tolerance: { gradient: 1e-4 },
  });
}

const taps = [-1, 0, 1];
const pixels = ([height, width]: readonly [number, number]): [number, number][] =>
  Array.from({ length: height * width }, (_, i) => [Math.floor(i / width), i % width]);

/** One step after the other, in float64. Inputs are drawn without ties, so that maxima have gradients. */
function fuseAndMixCase(
  size: [number, number],
  channels: number,
  how: readonly (readonly [Resampling, number, number])[],
): OpCase {
  const batch = 2;
  const names = how.map((_, k) => `x${k}`);
  return opCase<string>({
    op: 'fuseAndMix',
    what: `${how.map(([name, h, w]) => `${name} ${h} x ${w}`).join(', ')} -> ${size.join(' x ')}, ${channels} channels`,
    inputs: {
      ...Object.fromEntries(how.map(([, h, w], k) => [`x${k}`, [[batch, h, w, channels]] as const])),
      weights: [[how.length], fixed(...[0.7, -0.2, 1.1, 0.4].slice(0, how.length))],
      depthwise: [[3, 3, channels, 1]],
    },
    // Central differences of many channels take long, and add nothing.
    ...(channels > 8 && { gradientOf: ['weights'] }),
    outputShape: [batch, ...size, channels],
    run: (t) =>
      fuseAndMix(
        how.map(([resampling], k) => ({ map: t[names[k]!] as Tensor4D, resampling })),
        t.weights as Tensor1D,
        t.depthwise as Tensor4D,
        size,
      ),
    reference: (values) => {
      const positive = Array.from(values.weights!, (w) => Math.max(0, w));
      const total = positive.reduce((a, b) => a + b, 0) + 1e-4;
      const sample = (k: number, b: number, y: number, x: number, c: number): number => {
        const [resampling, h, w] = how[k]!;
        const at = (row: number, column: number): number =>
          values[names[k]!]![((b * h + row) * w + column) * channels + c]!;
        if (resampling === 'same') return at(y, x);
        if (resampling === 'nearest') return at(Math.floor((y * h) / size[0]), Math.floor((x * w) / size[1]));
        const around = taps.flatMap((dy) => taps.map((dx) => [2 * y + dy, 2 * x + dx] as const));
        const inside = around.filter(([row, column]) => row >= 0 && row < h && column >= 0 && column < w);
        return Math.max(...inside.map(([row, column]) => at(row, column)));
      };
      const fused = (b: number, y: number, x: number, c: number): number =>
        y < 0 || x < 0 || y >= size[0] || x >= size[1]
          ? 0
          : swish(how.reduce((sum, _, k) => sum + (positive[k]! / total) * sample(k, b, y, x, c), 0));
      const out: number[] = [];
      for (let b = 0; b < batch; b++) {
        for (const [y, x] of pixels(size)) {
          for (let c = 0; c < channels; c++) {
            const parts = taps.flatMap((dy) =>
              taps.map((dx) => {
                const filter = values.depthwise![(3 * (dy + 1) + dx + 1) * channels + c]!;
                return filter * fused(b, y + dy, x + dx, c);
              }),
            );
            out.push(parts.reduce((a, v) => a + v, 0));
          }
        }
      }
      return Float64Array.from(out);
    },
  });
}

function maskProductCase(batch: number, queries: number, height: number, width: number, channels: number): OpCase {
  return opCase({
    op: 'maskProduct',
    what: `[${[batch, queries, channels]}] x [${[batch, height, width, channels]}]`,
    inputs: { embeddings: [[batch, queries, channels]], pixels: [[batch, height, width, channels]] },
    outputShape: [batch, queries, height, width],
    run: ({ embeddings, pixels }) => maskProduct(embeddings, pixels),
    reference: ({ embeddings, pixels }) => {
      const area = height * width;
      const out = new Float64Array(batch * queries * area);
      for (let b = 0; b < batch; b++) {
        const e = embeddings.subarray(b * queries * channels, (b + 1) * queries * channels);
        const columns = new Float64Array(channels * area);
        for (let p = 0; p < area; p++) {
          for (let c = 0; c < channels; c++) columns[c * area + p] = pixels[(b * area + p) * channels + c]!;
        }
        out.set(matrixProduct(e, columns, queries, channels, area), b * queries * area);
      }
      return out;
    },
  });
}

type Mode = 'nearest' | 'half-pixel' | 'align-corners';

function resizeCase(mode: Mode, from: exact.Size, to: exact.Size, batch = 2, channels = 3): OpCase {
  const alignCorners = mode === 'align-corners';
  return opCase({
    op: mode === 'nearest' ? 'resizeNearest' : 'resizeBilinear',
    what: `${mode}, [${[batch, ...from, channels]}] to ${to.join(' x ')}`,
    inputs: { x: [[batch, ...from, channels]] },
    outputShape: [batch, ...to, channels],
    run: ({ x }) => (mode === 'nearest' ? resizeNearest(x, to) : resizeBilinear(x, to, { alignCorners })),
    reference: ({ x }) =>
      mode === 'nearest'
        ? exact.resizeNearest(x, batch, from, channels, to)
        : exact.resizeBilinear(x, batch, from, channels, to, alignCorners),
  });
}

function sampleCase(count: number, size: exact.Size, samples: number, draw = uniform(-0.2, 1.2), what = ''): OpCase {
  return opCase({
    op: 'samplePoints',
    what: `[${[count, ...size]}] at ${samples} points${what}`,
    inputs: { maps: [[count, ...size]], points: [[count, samples, 2], draw] },
    gradientOf: ['maps'],
    outputShape: [count, samples],
    run: ({ maps, points }) => samplePoints(maps, points),
    reference: ({ maps, points }) => exact.samplePoints(maps, points, count, size, samples),
  });
}

function convolutionCase(shape: exact.ConvolutionShape): OpCase {
  const { batch, size, channels, kernel, filters, stride, padding, depthwise = false } = shape;
  const { out } = exact.geometry(shape);
  const op = depthwise ? depthwiseConv2d : conv2d;
  return opCase({
    op: depthwise ? 'tfjs depthwiseConv2d' : 'tfjs conv2d',
    what: `${kernel} x ${kernel}, stride ${stride}, ${padding}, [${[batch, ...size, channels]}], ${filters} filters`,
    inputs: {
      x: [[batch, ...size, channels]],
      filter: [[kernel, kernel, channels, filters], normal(0, 1 / kernel)],
    },
    outputShape: [batch, ...out, depthwise ? channels * filters : filters],
    run: ({ x, filter }) => op(x as Tensor4D, filter as Tensor4D, stride, padding),
    reference: ({ x, filter }) => exact.convolution(shape, x, filter),
  });
}

function maxPoolCase(size: exact.Size, padding: 'same' | 1, kernel = 3, stride = 2): OpCase {
  const [batch, channels] = [2, 3];
  const shape = { batch, size, channels, kernel, stride, padding };
  return opCase({
    op: 'tfjs maxPool',
    what: `${kernel} x ${kernel}, stride ${stride}, padding ${padding}, [${[batch, ...size, channels]}]`,
    inputs: { x: [[batch, ...size, channels]] },
    outputShape: [batch, ...exact.geometry(shape).out, channels],
    run: ({ x }) =>
      padding === 'same' ? maxPool(x, kernel, stride, padding) : maxPool(x, kernel, stride, padding, 'floor'),
    reference: ({ x }) => exact.maxPool(shape, x),
  });
}

const modes: readonly Mode[] = ['nearest', 'half-pixel', 'align-corners'];
const sizes: readonly (readonly [from: exact.Size, to: exact.Size])[] = [
  [
    [3, 5],
    [6, 10],
  ],
  [
    [4, 3],
    [9, 7],
  ],
  [
    [9, 7],
    [4, 3],
  ],
  [
    [5, 2],
    [1, 1],
  ],
  [
    [1, 1],
    [3, 2],
  ],
  [
    [3, 4],
    [3, 4],
  ],
  [
    [2, 7],
    [5, 7],
  ],
];
const conv = { batch: 2, size: [5, 7], channels: 3, kernel: 3, filters: 4, stride: 1, padding: 'same' } as const;

export const mapCases: readonly OpCase[] = [
  fuseAndMixCase([5, 4], 3, [
    ['same', 5, 4],
    ['nearest', 3, 2],
  ]),
  fuseAndMixCase([3, 9], 34, [
    ['same', 3, 9],
    ['same', 3, 9],
    ['maximum', 5, 17],
  ]),
  fusionCase([2, 3, 5, 4], [0.7, 1.3], 'swish'),
  fusionCase([2, 3, 5, 4], [0.7, -0.3, 1.9], 'swish'),
  fusionCase([1, 2, 3, 4], [0.5, 0.25, 2], 'none'),
  fusionCase([1, 2, 3, 1], [1], 'swish'),
  fusionCase([0, 2, 3, 4], [1, 1], 'swish'),
  fusionCase([1, 17, 19, 32], [1, 2, 0.5], 'swish'),
  maskProductCase(2, 5, 3, 4, 7),
  maskProductCase(1, 1, 1, 1, 1),
  maskProductCase(2, 0, 3, 4, 7),
  maskProductCase(1, 50, 16, 24, 64),
  ...modes.flatMap((mode) => sizes.map(([from, to]) => resizeCase(mode, from, to))),
  // 49 * (1 / 49) is below 1 in floating point: exact integers decide the source.
  resizeCase('nearest', [2, 3], [98, 147], 1, 1),
  resizeCase('half-pixel', [16, 24], [64, 96], 1, 4),
  sampleCase(2, [3, 5], 7),
  sampleCase(1, [1, 1], 4),
  sampleCase(3, [4, 4], 1),
  sampleCase(2, [4, 3], 2, fixed(0, 0, 1, 1, 0.5, 0.5, 0.125, 0.5), ', corners and centres'),
  sampleCase(2, [4, 3], 0),
  sampleCase(5, [32, 48], 112),
  convolutionCase(conv),
  convolutionCase({ ...conv, stride: 2 }),
  convolutionCase({ ...conv, size: [6, 8], stride: 2 }),
  convolutionCase({ ...conv, kernel: 1, filters: 5 }),
  convolutionCase({ ...conv, size: [8, 12], kernel: 4, stride: 4, padding: 'valid' }),
  convolutionCase({ ...conv, size: [14, 9], channels: 16, filters: 24 }),
  convolutionCase({ ...conv, filters: 1, depthwise: true }),
  convolutionCase({ ...conv, filters: 1, stride: 2, depthwise: true }),
  convolutionCase({ ...conv, size: [14, 9], channels: 24, filters: 1, depthwise: true }),
  ...(['same', 1] as const).flatMap((padding) =>
    (
      [
        [4, 6],
        [5, 7],
        [12, 13],
        [7, 7],
        [1, 2],
      ] as const
    ).map((size) => maxPoolCase(size, padding)),
  ),
  maxPoolCase([6, 9], 'same', 2, 2),
];
