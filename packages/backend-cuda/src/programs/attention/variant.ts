/**
 * What distinguishes attention over sequences from attention inside windows of a map: C fragments for the kernels of this folder.
 * A group is a picture, or a window of one. A mark is an int a query or key has: -1 where a key is invisible.
 */
export interface AttentionVariant {
  readonly name: string;
  readonly parameters: string;
  readonly functions: string;
  /** Row of query / key `at` of `group` in the tensors. */
  readonly queryRow: (at: string) => string;
  readonly keyRow: (at: string) => string;
  readonly queryMark: (at: string) => string;
  readonly keyMark: (at: string, row: string) => string;
  /** Condition under which query `i` may attend the visible key `j` (global indices). */
  readonly pairVisible: string;
  /** Added to the scaled product of query `i` and key `j`, whose marks are `markI` and `markJ`. */
  readonly logitTerm: string;
}

/** Queries and keys of one picture each, with an optional mask of keys and one of pairs. */
export const sequences: AttentionVariant = {
  name: 'sequences',
  parameters: 'const float* keyMask, const float* blockMask',
  functions: '',
  queryRow: (at) => `((size_t)group * queries + ${at})`,
  keyRow: (at) => `((size_t)group * keys + ${at})`,
  queryMark: () => '0',
  keyMark: (_, row) => `(keyMask == 0 || keyMask[${row}] != 0.0f ? 0 : -1)`,
  pairVisible: '(blockMask == 0 || blockMask[(size_t)i * keys + j] != 0.0f)',
  logitTerm: '0.0f',
};

const shape = 'H, W, windowH, windowW, shiftH, shiftW';
const shapeParameters = 'int H, int W, int windowH, int windowW, int shiftH, int shiftW';
const pixel = (at: string): string => `pixelOf(group, ${at}, ${shape})`;
const region = (at: string): string => `regionOf(group, ${at}, ${shape})`;

/** Queries and keys are the positions of a window of the rolled map; the mark is the shift region. */
export const windows: AttentionVariant = {
  name: 'windows',
  parameters: `const float* keyMask, const float* bias, ${shapeParameters}`,
  functions: `static __device__ __forceinline__ int2 rolledPlace(int group, int at, ${shapeParameters}) {
  int across = W / windowW, window = group % ((H / windowH) * across);
  return make_int2(window / across * windowH + at / windowW, window % across * windowW + at % windowW);
}
static __device__ __forceinline__ size_t pixelOf(int group, int at, ${shapeParameters}) {
  int picture = group / ((H / windowH) * (W / windowW));
  int2 place = rolledPlace(group, at, ${shape});
  return ((size_t)picture * H + (place.x + shiftH) % H) * W + (place.y + shiftW) % W;
}
static __device__ __forceinline__ int axisRegion(int at, int length, int window, int shift) {
  return shift == 0 || at < length - window ? 0 : at < length - shift ? 1 : 2;
}
static __device__ __forceinline__ int regionOf(int group, int at, ${shapeParameters}) {
  int2 place = rolledPlace(group, at, ${shape});
  return 3 * axisRegion(place.x, H, windowH, shiftH) + axisRegion(place.y, W, windowW, shiftW);
}
`,
  queryRow: pixel,
  keyRow: pixel,
  queryMark: region,
  keyMark: (at, row) => `(keyMask == 0 || keyMask[${row}] != 0.0f ? ${region(at)} : -1)`,
  pairVisible: 'true',
  logitTerm: '(bias[((size_t)head * queries + i) * keys + j] + (markI == markJ ? 0.0f : -100.0f))',
};

const inWindow = (at: string, other: string): string =>
  `((${at} / windowW - ${other} / windowW + windowH - 1) * (2 * windowW - 1) + ${at} % windowW - ${other} % windowW + windowW - 1)`;

/** `windows` with the bias in a table of relative positions, `[(2 windowH - 1) (2 windowW - 1), heads]`. */
export const relativeWindows: AttentionVariant = {
  ...windows,
  name: 'windows, relative',
  logitTerm: `(bias[${inWindow('i', 'j')} * heads + head] + (markI == markJ ? 0.0f : -100.0f))`,
};
