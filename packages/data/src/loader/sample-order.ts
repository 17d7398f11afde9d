import { GlidError, Random } from '@glid/base';

export interface SampleOrderOptions {
  readonly length: number;
  readonly seed?: number;
  /** Default true. */
  readonly shuffle?: boolean;
}

/** Where a sample stands in the endless stream of epochs. */
export interface StreamEntry {
  readonly epoch: number;
  readonly index: number;
}

/**
 * The endless order in which samples are seen: epoch after epoch, each a permutation of its own. A pure function of
 * seed, length and position, so a run can go on, or be taken up by another number of ranks, at any position.
 */
export function sampleOrder(options: SampleOrderOptions): (position: number) => StreamEntry {
  const { length, seed = 0, shuffle = true } = options;
  if (!Number.isInteger(length) || length < 1) {
    throw new GlidError('GLID_USAGE', `A data set of ${length} records cannot be ordered.`, {
      fix: 'Pass a data set with at least one record.',
    });
  }
  let epochAtHand = -1;
  let order: Uint32Array | undefined;
  return (position) => {
    const epoch = Math.floor(position / length);
    const place = position - epoch * length;
    if (!shuffle) return { epoch, index: place };
    if (epoch !== epochAtHand || !order) {
      order = Random.derive(seed, 'order', epoch).permutation(length);
      epochAtHand = epoch;
    }
    return { epoch, index: order[place]! };
  };
}

export interface RankShare {
  readonly batchSize: number;
  readonly rank?: number;
  readonly world?: number;
}

/**
 * The stream positions of one rank's batch. Step s of all ranks together covers `world * batchSize` neighbouring positions,
 * rank r the r-th block of them: what one process with the larger batch would see.
 */
export function batchPositions(step: number, { batchSize, rank = 0, world = 1 }: RankShare, start = 0): number[] {
  const first = start + (step * world + rank) * batchSize;
  return Array.from({ length: batchSize }, (_, i) => first + i);
}
