/** A picture in memory: RGB, 8 bits, row-major `[height, width, 3]`. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array | Uint8ClampedArray;
}

/** One integer a pixel, row-major `[height, width]`. */
export interface LabelMap {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array | Uint16Array | Int32Array;
}

/** Metres a pixel, row-major `[height, width]`; 0 means unknown. */
export interface DepthMap {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

/** `[x0, y0, x1, y1]` in continuous picture coordinates: the left upper corner of the picture is (0, 0). */
export type BoxXyxy = readonly [x0: number, y0: number, x1: number, y1: number];

/** COCO run-length encoding: column-major runs, starting with zeros. `counts` is the compressed string or the runs. */
export interface Rle {
  readonly size: readonly [height: number, width: number];
  readonly counts: string | readonly number[];
}

/** One annotated object of a picture. */
export interface ObjectAnnotation {
  readonly id?: number;
  /** A name out of the data set's `labels`. */
  readonly label: string;
  readonly box: BoxXyxy;
  /** Pixels; the annotation's own figure where it has one (COCO `area`). */
  readonly area?: number;
  /** A COCO crowd region: ignored in training, matched many times in evaluation. */
  readonly crowd?: boolean;
  /** Pascal VOC: too hard to be counted in evaluation. */
  readonly difficult?: boolean;
  readonly mask?: Rle;
  /** `[K * 3]`: x, y, visibility (0 not labelled, 1 hidden, 2 visible), in the order of the data set's skeleton. */
  readonly keypoints?: Float32Array;
}

/** One segment of a panoptic picture; `id` is the value in the id map, void is 0. */
export interface PanopticSegment {
  readonly id: number;
  readonly label: string;
  readonly crowd?: boolean;
  readonly area?: number;
}

/** A picture with whatever ground truth its data set has. Pixels are read only when a function is called. */
export interface SceneRecord {
  /** Unique in its data set. */
  readonly id: string;
  /** Where it came from, for messages: a file name or a seed. */
  readonly source: string;
  image(): Promise<RgbImage>;
  readonly objects?: readonly ObjectAnnotation[];
  /** Class index into the data set's `semanticLabels`; 255 = ignore. */
  readonly semantic?: () => Promise<LabelMap>;
  readonly panoptic?: () => Promise<{ readonly ids: LabelMap; readonly segments: readonly PanopticSegment[] }>;
  readonly depth?: () => Promise<DepthMap>;
}

/** Joint names, left-right pairs, OKS sigmas and the lines to draw, of a kind of body. */
export interface Skeleton {
  readonly joints: readonly string[];
  readonly flipPairs: readonly (readonly [left: number, right: number])[];
  /** OKS fall-off a joint, in units of the square root of the object's area. */
  readonly sigmas: readonly number[];
  readonly edges: readonly (readonly [from: number, to: number])[];
}

/** A lazy, seekable collection of records. */
export interface Dataset {
  readonly name: string;
  readonly length: number;
  /** Names of the object classes, in a fixed order. */
  readonly labels: readonly string[];
  readonly semanticLabels?: readonly string[];
  /** Panoptic: the subset of labels that are things (countable objects); the rest is stuff. */
  readonly thingLabels?: readonly string[];
  readonly skeleton?: Skeleton;
  get(index: number): Promise<SceneRecord>;
}
