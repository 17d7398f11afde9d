import { type Dataset, GlidError, type SceneRecord } from '@glid/base';
import type { DecodeOptions } from '../decode/decode-image.ts';
import type { ReadOptions } from '../files/file-source.ts';

/** What every reader takes. */
export interface ReaderOptions extends Pick<DecodeOptions, 'maxPixels'>, ReadOptions {
  /** For messages and caches. Default the root's name. */
  readonly name?: string;
}

/** The `get` of a data set over a list of entries. */
export function recordGetter<T>(
  entries: readonly T[],
  toRecord: (entry: T) => SceneRecord | Promise<SceneRecord>,
): Dataset['get'] {
  return async (index) => {
    const entry = Number.isInteger(index) ? entries[index] : undefined;
    if (entry === undefined) {
      throw new GlidError('GLID_USAGE', `Record ${index} is outside of 0..${entries.length - 1}.`, {
        fix: 'Ask for an index below `length`.',
      });
    }
    return toRecord(entry);
  };
}
