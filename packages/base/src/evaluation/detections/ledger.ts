/** All detections of one category, as columns that grow by doubling: scores, where they came from, what became of them. */
export class DetectionLedger {
  readonly #stride: number;
  #length = 0;
  #scores = new Float64Array(16);
  #images = new Uint32Array(16);
  #ranks = new Uint32Array(16);
  #outcomes: Uint8Array;

  /** `stride`: outcomes kept for one detection. */
  constructor(stride: number) {
    this.#stride = stride;
    this.#outcomes = new Uint8Array(16 * stride);
  }

  get length(): number {
    return this.#length;
  }

  /** Adds the detections of one picture, best first; their places in `scores` become their ranks. */
  append(image: number, scores: ArrayLike<number>, outcomes: Uint8Array): void {
    this.appendRows({
      scores,
      images: new Uint32Array(scores.length).fill(image),
      ranks: Uint32Array.from({ length: scores.length }, (_, i) => i),
      outcomes,
    });
  }

  appendRows(rows: LedgerRows): void {
    const start = this.#length;
    const length = start + rows.scores.length;
    if (length > this.#scores.length) this.#grow(Math.max(length, this.#scores.length * 2));
    this.#scores.set(rows.scores, start);
    this.#images.set(rows.images, start);
    this.#ranks.set(rows.ranks, start);
    this.#outcomes.set(rows.outcomes, start * this.#stride);
    this.#length = length;
  }

  /** Views of the filled part; they are valid until the next `append`. */
  rows(): LedgerRows {
    const n = this.#length;
    return {
      scores: this.#scores.subarray(0, n),
      images: this.#images.subarray(0, n),
      ranks: this.#ranks.subarray(0, n),
      outcomes: this.#outcomes.subarray(0, n * this.#stride),
    };
  }

  copy(): LedgerRows {
    const { scores, images, ranks, outcomes } = this.rows();
    return {
      scores: Float64Array.from(scores),
      images: images.slice(),
      ranks: ranks.slice(),
      outcomes: outcomes.slice(),
    };
  }

  #grow(capacity: number): void {
    const { scores, images, ranks, outcomes } = this.rows();
    this.#scores = new Float64Array(capacity);
    this.#scores.set(scores);
    this.#images = new Uint32Array(capacity);
    this.#images.set(images);
    this.#ranks = new Uint32Array(capacity);
    this.#ranks.set(ranks);
    this.#outcomes = new Uint8Array(capacity * this.#stride);
    this.#outcomes.set(outcomes);
  }
}

export interface LedgerRows {
  readonly scores: ArrayLike<number>;
  /** Index of the picture. */
  readonly images: Uint32Array;
  /** Place among the detections of the same picture and category, best first, from 0. */
  readonly ranks: Uint32Array;
  /** `[N, stride]`. */
  readonly outcomes: Uint8Array;
}

/** Indices of the rows by falling score; equal scores by `imageOrder` of their picture, then by rank. */
export function rankRows({ scores, images, ranks }: LedgerRows, imageOrder: Uint32Array): Uint32Array {
  return Uint32Array.from({ length: scores.length }, (_, i) => i).sort(
    (a, b) => scores[b]! - scores[a]! || imageOrder[images[a]!]! - imageOrder[images[b]!]! || ranks[a]! - ranks[b]!,
  );
}
