import { type Program, program, programFamily } from '../../runtime/program.ts';
import type { AttentionVariant } from './variant.ts';

/** A kernel's text for each variant and size of a head. */
type AttentionProgram = (variant: AttentionVariant, headSize: number) => Program;

/** Rows of keys (or queries) that a block holds in shared memory at a time. */
function tileOf(headSize: number): number {
  return Math.max(1, Math.min(64, Math.floor(2048 / headSize)));
}

const common =
  'const float* qs, const float* ks, const float* vs, int stride, int channels, int heads, int queries, int keys, float scale';

/** C: loads `count` rows from `first` on into two tiles, and their marks. */
function loadTile(
  headSize: number,
  row: string,
  mark: string | undefined,
  [left, right]: readonly [string, string],
  extra = '',
): string {
  return `    __syncthreads();
    for (int e = threadIdx.x; e < count * ${headSize}; e += blockDim.x) {
      int at = first + e / ${headSize}, d = e % ${headSize};
      size_t row = ${row};
      left[e] = ${left};
      right[e] = ${right};
    }
    for (int e = threadIdx.x; e < count; e += blockDim.x) {
      int at = first + e;
${mark === undefined ? '' : `      marks[e] = ${mark};`}${extra}
    }
    __syncthreads();`;
}

/** True if logits depend on the marks, and not only on what is visible. */
function usesMarks(variant: AttentionVariant): boolean {
  return variant.logitTerm.includes('markI');
}

/** C: the mark of query `i`, where logits depend on it. */
const ownMark = (variant: AttentionVariant, mark: string): string =>
  usesMarks(variant) ? `  int markI = ${mark};` : '';

/** C: the logit of query `i` and key `j`, from two rows of head size. */
const logit = (variant: AttentionVariant, headSize: number, a: string, b: string): string =>
  `float logit = 0.0f;
      for (int d = 0; d < ${headSize}; d++) logit += ${a} * ${b};
      logit += ${variant.logitTerm};`;

const block = `  int group = blockIdx.x / heads, head = blockIdx.x % heads;
  qs += head * SIZE; ks += head * SIZE; vs += head * SIZE;`;

/** C: a pass over all keys by tiles, for the thread's query `i` with `query`, `markI`. */
function overKeys(variant: AttentionVariant, headSize: number, tile: number, body: string): string {
  return `  for (int first = 0; first < keys; first += ${tile}) {
    int count = min(${tile}, keys - first);
${loadTile(headSize, variant.keyRow('at'), variant.keyMark('at', variant.keyRow('at')), ['ks[row * stride + d]', 'vs[row * stride + d]'])}
    if (active) for (int e = 0; e < count; e++) {
      int j = first + e, markJ = marks[e];
      if (markJ < 0 || !${variant.pairVisible}) continue;
      ${logit(variant, headSize, 'query[d]', `left[e * ${headSize} + d]`)}
      ${body}
    }
  }`;
}

const loadQuery = (
  variant: AttentionVariant,
  headSize: number,
): string => `  int i = blockIdx.y * blockDim.x + threadIdx.x;
  bool active = i < queries;
  size_t own = active ? ${variant.queryRow('i')} : 0;
${ownMark(variant, `active ? ${variant.queryMark('i')} : 0`)}
  float query[${headSize}], total[${headSize}], top = -__int_as_float(0x7f800000), weight = 0.0f;
  for (int d = 0; d < ${headSize}; d++) {
    query[d] = active ? qs[own * stride + d] * scale : 0.0f;
    total[d] = 0.0f;
  }`;

/** C: the softmax of one row, key after key: what was summed is rescaled when a larger logit comes (online softmax). */
const accumulate = (headSize: number): string => `if (logit > top) {
        float shrink = expf(top - logit);
        weight *= shrink;
        for (int d = 0; d < ${headSize}; d++) total[d] *= shrink;
        top = logit;
      }
      float p = expf(logit - top);
      weight += p;
      for (int d = 0; d < ${headSize}; d++) total[d] += p * right[e * ${headSize} + d];`;

const shared = (headSize: number, tile: number, marks = true): string =>
  `  __shared__ float left[${tile * headSize}], right[${tile * headSize}];${marks ? `\n  __shared__ int marks[${tile}];` : ''}`;

/** One thread a query, one block a group, head and tile of queries. */
export const attentionForward: AttentionProgram = programFamily(
  (variant, headSize) => `attention of ${variant.name}, ${headSize}`,
  (key, variant, headSize) => {
    const tile = tileOf(headSize);
    return program(
      key,
      `${common}, float* ys, ${variant.parameters}`,
      `${shared(headSize, tile)}
${block.replaceAll('SIZE', String(headSize))}
${loadQuery(variant, headSize)}
${overKeys(variant, headSize, tile, accumulate(headSize))}
  if (!active) return;
  for (int d = 0; d < ${headSize}; d++) ys[own * channels + head * ${headSize} + d] = weight > 0.0f ? total[d] / weight : 0.0f;`,
      variant.functions,
    );
  },
);

/**
 * The gradient of the queries, one thread a query. `statistics [groups * heads, queries, 2]` receives the logarithm of the sum of
 * exponentials (infinite where nothing is visible) and the product of output and its gradient, for the other gradients.
 */
export const attentionQueryGradient: AttentionProgram = programFamily(
  (variant, headSize) => `attention of ${variant.name}, gradient of queries, ${headSize}`,
  (key, variant, headSize) => {
    const tile = tileOf(headSize);
    return program(
      key,
      `${common}, const float* dys, float* dqs, float* statistics, ${variant.parameters}`,
      `${shared(headSize, tile)}
${block.replaceAll('SIZE', String(headSize))}
${loadQuery(variant, headSize)}
${overKeys(variant, headSize, tile, accumulate(headSize))}
  float dy[${headSize}], along = 0.0f;
  for (int d = 0; d < ${headSize}; d++) {
    dy[d] = active ? dys[own * channels + head * ${headSize} + d] : 0.0f;
    along += weight > 0.0f ? dy[d] * total[d] / weight : 0.0f;
    total[d] = 0.0f;
  }
  float logSum = weight > 0.0f ? top + logf(weight) : __int_as_float(0x7f800000);
${overKeys(
  variant,
  headSize,
  tile,
  `float dweight = 0.0f;
      for (int d = 0; d < ${headSize}; d++) dweight += dy[d] * right[e * ${headSize} + d];
      float dlogit = expf(logit - logSum) * (dweight - along) * scale;
      for (int d = 0; d < ${headSize}; d++) total[d] += dlogit * left[e * ${headSize} + d];`,
)}
  if (!active) return;
  for (int d = 0; d < ${headSize}; d++) dqs[own * stride + head * ${headSize} + d] = total[d];
  size_t at = (size_t)blockIdx.x * queries + i;
  statistics[2 * at] = logSum;
  statistics[2 * at + 1] = along;`,
      variant.functions,
    );
  },
);

/** The gradients of keys and values, one thread a key, over tiles of queries and their output gradients. */
export const attentionKeyGradient: AttentionProgram = programFamily(
  (variant, headSize) => `attention of ${variant.name}, gradient of keys, ${headSize}`,
  (key, variant, headSize) => {
    const tile = tileOf(headSize);
    const load = loadTile(
      headSize,
      variant.queryRow('at'),
      usesMarks(variant) ? variant.queryMark('at') : undefined,
      ['qs[row * stride + d] * scale', `dys[row * channels + head * ${headSize} + d]`],
      `
      logSums[e] = statistics[2 * ((size_t)blockIdx.x * queries + at)];
      alongs[e] = statistics[2 * ((size_t)blockIdx.x * queries + at) + 1];`,
    );
    return program(
      key,
      `${common}, const float* dys, const float* statistics, float* dks, float* dvs, ${variant.parameters}`,
      `${shared(headSize, tile, usesMarks(variant))}
  __shared__ float logSums[${tile}], alongs[${tile}];
${block.replaceAll('SIZE', String(headSize))}
  int j = blockIdx.y * blockDim.x + threadIdx.x;
  bool active = j < keys;
  size_t own = active ? ${variant.keyRow('j')} : 0;
  int markJ = active ? ${variant.keyMark('j', 'own')} : -1;
  float key[${headSize}], value[${headSize}], dkey[${headSize}], dvalue[${headSize}];
  for (int d = 0; d < ${headSize}; d++) {
    key[d] = active ? ks[own * stride + d] : 0.0f;
    value[d] = active ? vs[own * stride + d] : 0.0f;
    dkey[d] = dvalue[d] = 0.0f;
  }
  for (int first = 0; first < queries; first += ${tile}) {
    int count = min(${tile}, queries - first);
${load}
    if (markJ >= 0) for (int e = 0; e < count; e++) {
      int i = first + e;
${ownMark(variant, 'marks[e]')}
      if (!${variant.pairVisible}) continue;
      ${logit(variant, headSize, `left[e * ${headSize} + d]`, 'key[d]')}
      float p = expf(logit - logSums[e]), dweight = 0.0f;
      for (int d = 0; d < ${headSize}; d++) {
        dweight += right[e * ${headSize} + d] * value[d];
        dvalue[d] += p * right[e * ${headSize} + d];
      }
      float dlogit = p * (dweight - alongs[e]);
      for (int d = 0; d < ${headSize}; d++) dkey[d] += dlogit * left[e * ${headSize} + d];
    }
  }
  if (!active) return;
  for (int d = 0; d < ${headSize}; d++) {
    dks[own * stride + head * ${headSize} + d] = dkey[d];
    dvs[own * stride + head * ${headSize} + d] = dvalue[d];
  }`,
      variant.functions,
    );
  },
);

/**
 * The gradient of the bias `[heads, queries, keys]`, one thread an entry, which walks through a piece of the groups:
 * `dbias [pieces, heads * queries * keys]`.
 */
export const attentionBiasGradient: AttentionProgram = programFamily(
  (variant, headSize) => `attention of ${variant.name}, gradient of bias, ${headSize}`,
  (key, variant, headSize) =>
    program(
      key,
      `${common}, const float* dys, const float* statistics, float* dbias, int groups, int length, ${variant.parameters}`,
      `  int entry = blockIdx.x * blockDim.x + threadIdx.x, entries = heads * queries * keys;
  if (entry >= entries) return;
  int j = entry % keys, i = entry / keys % queries, head = entry / keys / queries;
  float total = 0.0f;
  int end = min((int)(blockIdx.y + 1) * length, groups);
  for (int group = blockIdx.y * length; group < end; group++) {
    size_t query = ${variant.queryRow('i')}, key = ${variant.keyRow('j')};
${ownMark(variant, variant.queryMark('i'))}
    int markJ = ${variant.keyMark('j', 'key')};
    if (markJ < 0 || !${variant.pairVisible}) continue;
    const float* q = qs + query * stride + head * ${headSize};
    const float* k = ks + key * stride + head * ${headSize};
    const float* v = vs + key * stride + head * ${headSize};
    const float* dy = dys + query * channels + head * ${headSize};
    ${logit(variant, headSize, 'q[d] * scale', 'k[d]')}
    float dweight = 0.0f;
    for (int d = 0; d < ${headSize}; d++) dweight += dy[d] * v[d];
    size_t at = ((size_t)group * heads + head) * queries + i;
    total += expf(logit - statistics[2 * at]) * (dweight - statistics[2 * at + 1]);
  }
  dbias[(size_t)blockIdx.y * entries + entry] = total;`,
      variant.functions,
    ),
);
