import { GlidError } from '@glid/base';

export interface LabelMatch {
  /** The new parameter: rows of shared labels from the old one, the others from `fresh`. */
  readonly values: Float32Array;
  readonly kept: readonly string[];
  readonly added: readonly string[];
  readonly dropped: readonly string[];
}

export interface LabelRows {
  readonly values: ArrayLike<number>;
  readonly shape: readonly number[];
  readonly labels: readonly string[];
}

/**
 * Carries a parameter from one label list to another along its label axis, matching rows by label NAME.
 * Entries after the labels (for instance "no object") are matched by their place after the last label.
 *
 * @param old values as saved, with the labels they were saved for
 * @param fresh start values of the new shape, with the new labels; kept where a label is new
 * @throws GlidError `GLID_CHECKPOINT_SHAPE` when the shapes differ anywhere but along the label axis
 */
export function matchLabelRows(old: LabelRows, fresh: LabelRows, axis: number): LabelMatch {
  const extra = fresh.shape[axis]! - fresh.labels.length;
  const sameElsewhere =
    old.shape.length === fresh.shape.length && old.shape.every((n, k) => k === axis || n === fresh.shape[k]);
  if (!sameElsewhere || old.shape[axis]! - old.labels.length !== extra || extra < 0) {
    throw new GlidError(
      'GLID_CHECKPOINT_SHAPE',
      `A parameter of shape [${old.shape.join(', ')}] for ${old.labels.length} labels does not fit [${fresh.shape.join(', ')}] for ${fresh.labels.length} labels (label axis ${axis}).`,
      {
        fix: 'Build the head with the configuration it was saved with; only its labels may differ.',
        details: { axis },
      },
    );
  }
  const place = new Map(old.labels.map((label, k) => [label, k]));
  const source = fresh.labels.map((label) => place.get(label) ?? -1);
  for (let k = 0; k < extra; k++) source.push(old.labels.length + k);

  const inner = fresh.shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const outer = fresh.shape.slice(0, axis).reduce((a, b) => a * b, 1);
  const [rows, oldRows] = [fresh.shape[axis]!, old.shape[axis]!];
  const values = Float32Array.from(fresh.values);
  for (let o = 0; o < outer; o++) {
    source.forEach((from, row) => {
      if (from < 0) return;
      const [to, at] = [(o * rows + row) * inner, (o * oldRows + from) * inner];
      for (let i = 0; i < inner; i++) values[to + i] = old.values[at + i]!;
    });
  }
  const now = new Set(fresh.labels);
  return {
    values,
    kept: fresh.labels.filter((label) => place.has(label)),
    added: fresh.labels.filter((label) => !place.has(label)),
    dropped: old.labels.filter((label) => !now.has(label)),
  };
}
