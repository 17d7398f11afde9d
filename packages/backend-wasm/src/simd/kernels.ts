import { kernelsBase64, relaxedKernelsBase64 } from './kernels-base64.ts';

/** Byte offset into the heap. */
export type Pointer = number;

/**
 * What assembly/ exports. Sizes count elements; a pointer of 0 means absent. The meaning of each argument stands with its
 * function in assembly/*.as.ts.
 */
export interface SimdKernels {
  gemmScratch(): number;
  // biome-ignore format: one line a matrix
  gemm(
    m: number, n: number, k: number,
    a: Pointer, strideA: number, transposeA: boolean,
    b: Pointer, strideB: number, transposeB: boolean,
    c: Pointer, strideC: number,
    bias: Pointer, accumulate: boolean, scratch: Pointer,
  ): void;
  // biome-ignore format: one line a matrix
  batchGemm(
    batch: number, m: number, n: number, k: number,
    a: Pointer, stepA: number, transposeA: boolean,
    b: Pointer, stepB: number, transposeB: boolean,
    c: Pointer, scratch: Pointer,
  ): void;
  gelu(x: Pointer, y: Pointer, n: number): void;
  geluGrad(dy: Pointer, x: Pointer, dx: Pointer, n: number): void;
  relu(x: Pointer, y: Pointer, n: number): void;
  addBias(x: Pointer, bias: Pointer, m: number, n: number): void;
  layerNorm(x: Pointer, gamma: Pointer, beta: Pointer, y: Pointer, rows: number, n: number, epsilon: number): void;
  // biome-ignore format: outputs on a line of their own
  layerNormGrad(
    dy: Pointer, x: Pointer, gamma: Pointer,
    dx: Pointer, dgamma: Pointer, dbeta: Pointer,
    rows: number, n: number, epsilon: number, scratch: Pointer,
  ): void;
  // biome-ignore format: sizes on a line of their own
  groupNorm(
    x: Pointer, gamma: Pointer, beta: Pointer, y: Pointer,
    batch: number, positions: number, channels: number, groups: number, epsilon: number, scratch: Pointer,
  ): void;
  // biome-ignore format: outputs on a line of their own
  groupNormGrad(
    dy: Pointer, x: Pointer, gamma: Pointer,
    dx: Pointer, dgamma: Pointer, dbeta: Pointer,
    batch: number, positions: number, channels: number, groups: number, epsilon: number, scratch: Pointer,
  ): void;
  columnSum(x: Pointer, y: Pointer, m: number, n: number, scratch: Pointer): void;
  softmax(x: Pointer, y: Pointer, rows: number, n: number): void;
  attentionScratch(keys: number): number;
  // biome-ignore format: sizes on a line of their own
  attention(
    q: Pointer, k: Pointer, v: Pointer, keyMask: Pointer, blockMask: Pointer, y: Pointer,
    batch: number, queries: number, keys: number, channels: number, heads: number, scratch: Pointer, products: Pointer,
  ): void;
  // biome-ignore format: outputs on a line of their own
  attentionGrad(
    dy: Pointer, q: Pointer, k: Pointer, v: Pointer, keyMask: Pointer, blockMask: Pointer,
    dq: Pointer, dk: Pointer, dv: Pointer,
    batch: number, queries: number, keys: number, channels: number, heads: number, scratch: Pointer, products: Pointer,
  ): void;
  windowAttentionScratch(positions: number, depth: number): number;
  // biome-ignore format: sizes on a line of their own
  windowAttention(
    qkv: Pointer, bias: Pointer, keyMask: Pointer, y: Pointer,
    batch: number, height: number, width: number, channels: number, heads: number,
    windowH: number, windowW: number, shiftH: number, shiftW: number, scratch: Pointer, products: Pointer,
  ): void;
  // biome-ignore format: outputs on a line of their own
  windowAttentionGrad(
    dy: Pointer, qkv: Pointer, bias: Pointer, keyMask: Pointer,
    dqkv: Pointer, dbias: Pointer,
    batch: number, height: number, width: number, channels: number, heads: number,
    windowH: number, windowW: number, shiftH: number, shiftW: number, scratch: Pointer, products: Pointer,
  ): void;
  // biome-ignore format: sizes on a line of their own
  fusionNode(
    maps: Pointer, weights: Pointer, y: Pointer,
    count: number, n: number, epsilon: number, swish: boolean, scratch: Pointer,
  ): void;
  // biome-ignore format: outputs on a line of their own
  fusionNodeGrad(
    dy: Pointer, maps: Pointer, weights: Pointer,
    gradients: Pointer, dweights: Pointer,
    count: number, n: number, epsilon: number, swish: boolean, scratch: Pointer,
  ): void;
  // biome-ignore format: outputs on a line of their own
  adamW(
    p: Pointer, g: Pointer, m: Pointer, v: Pointer,
    nextP: Pointer, nextM: Pointer, nextV: Pointer, n: number,
    scale: number, keep: number, rate: number, root: number,
    beta1: number, rest1: number, beta2: number, rest2: number, epsilon: number,
  ): void;
  squareSum(x: Pointer, n: number): number;
  // biome-ignore format: one line
  transpose(x: Pointer, y: Pointer, table: Pointer, rows: number, columns: number, inStep: number, outStep: number): void;
  im2col(x: Pointer, columns: Pointer, ...geometry: PatchArguments): void;
  col2im(columns: Pointer, dx: Pointer, ...geometry: PatchArguments): void;
  depthwiseInputGrad(dy: Pointer, filter: Pointer, dx: Pointer, ...geometry: DepthwiseArguments): void;
  depthwiseFilterGrad(
    x: Pointer,
    dy: Pointer,
    dfilter: Pointer,
    ...rest: [...geometry: DepthwiseArguments, scratch: Pointer]
  ): void;
  gather(
    x: Pointer,
    ids: Pointer,
    y: Pointer,
    ...sizes: [outer: number, size: number, inner: number, count: number]
  ): number;
  // biome-ignore format: geometry on a line of its own
  maxPoolGrad(
    dy: Pointer, x: Pointer, dx: Pointer, batch: number, height: number, width: number, channels: number,
    outH: number, outW: number, kh: number, kw: number, strideH: number, strideW: number, top: number, left: number,
  ): void;
  maskCostsEntries(targets: Pointer, n: number): number;
  maskCostsScratch(points: number, targets: number, entries: number, cells: number): number;
  // biome-ignore format: sizes on a line of their own
  maskCostsPicture(
    points: Pointer, targets: Pointer,
    height: number, width: number, n: number, count: number, entries: number, scratch: Pointer,
  ): void;
  // biome-ignore format: sizes on a line of their own
  maskCosts(
    masks: Pointer, crossEntropy: Pointer, dice: Pointer,
    queries: number, height: number, width: number, n: number, count: number, entries: number, step: number, scratch: Pointer,
  ): void;
  maskReadoutScratch(count: number): number;
  // biome-ignore format: sizes on a line of their own
  maskReadout(
    logits: Pointer, words: Pointer, areas: Pointer, shares: Pointer, pixels: number, count: number, scratch: Pointer,
  ): void;
  maskContestScratch(count: number): number;
  // biome-ignore format: sizes on a line of their own
  maskContest(
    logits: Pointer, scores: Pointer, winner: Pointer, inside: Pointer, areas: Pointer, taken: Pointer,
    pixels: number, count: number, scratch: Pointer,
  ): void;
  samplePointsScratch(height: number, width: number): number;
  // biome-ignore format: sizes on a line of their own
  samplePoints(
    maps: Pointer, points: Pointer, y: Pointer,
    count: number, height: number, width: number, n: number, scratch: Pointer,
  ): void;
  segmentSum(x: Pointer, ids: Pointer, y: Pointer, rows: number, inner: number, segments: number): void;
  addScaled(x: Pointer, y: Pointer, n: number, factor: number): void;
}

/** Height, width, channels, out width, first row, rows, then the filter's geometry. */
// biome-ignore format: a table
export type PatchArguments = [
  height: number, width: number, channels: number, outW: number, firstRow: number, rows: number,
  ...filter: FilterArguments,
];

// biome-ignore format: a table
export type DepthwiseArguments = [
  batch: number, height: number, width: number, channels: number, outH: number, outW: number,
  ...filter: FilterArguments,
];

// biome-ignore format: a table
export type FilterArguments = [
  kh: number, kw: number, strideH: number, strideW: number,
  dilationH: number, dilationW: number, top: number, left: number,
];

/** One source, compiled twice. Relaxed SIMD multiplies and adds in one instruction: Node from 22, Chromium from 114. */
const builds: Readonly<Record<SimdBuild, string>> = { 'relaxed SIMD': relaxedKernelsBase64, SIMD: kernelsBase64 };

export type SimdBuild = 'relaxed SIMD' | 'SIMD';

/** A loop: `Uint8Array.from(text, …)` takes several times as long, and a program that starts feels it. */
function bytes(build: SimdBuild): Uint8Array<ArrayBuffer> {
  const text = atob(builds[build]);
  const out = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) out[i] = text.charCodeAt(i);
  return out;
}

let fastest: SimdBuild | undefined;

/** The fastest build that this engine accepts; undefined where WebAssembly has no SIMD. */
export function simdBuild(): SimdBuild | undefined {
  if (typeof WebAssembly !== 'object') return undefined;
  fastest ??= (Object.keys(builds) as SimdBuild[]).find((build) => WebAssembly.validate(bytes(build)));
  return fastest;
}

/** Instantiates the kernels on a heap that somebody else owns. The heap must not be shared between threads. */
export async function instantiateSimd(build: SimdBuild, memory: WebAssembly.Memory): Promise<SimdKernels> {
  const { instance } = await WebAssembly.instantiate(bytes(build), { env: { memory } });
  return instance.exports as unknown as SimdKernels;
}
