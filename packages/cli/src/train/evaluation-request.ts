import { GlidError } from '@glid/base';
import type { CommandContext } from '../command.ts';
import type { DataRequest } from '../data/data-request.ts';
import { type OpenedDataset, openDataset } from '../data/open-dataset.ts';

/** The held-out set of a training run: `--eval-data`, else another split of the same data; null where there is none. */
export async function openHeldOut(
  { options }: Pick<CommandContext, 'options'>,
  request: DataRequest,
): Promise<OpenedDataset | null> {
  if (!options.evaluate) return null;
  const { evalData, evalSplit, evalList, evalLimit } = options;
  const own: DataRequest = {
    ...request,
    part: 'test',
    data: (evalData as string | undefined) ?? request.data,
    split: evalSplit as string | undefined,
    limit: evalLimit as number | undefined,
    ...placesOf(evalData !== undefined, evalList as string | undefined),
  };
  const isNamed = evalData !== undefined || evalSplit !== undefined || evalList !== undefined;
  try {
    return await openDataset(own);
  } catch (error) {
    // Nobody asked for it, and the data has no such split.
    if (!isNamed && GlidError.isInstance(error, 'GLID_DATA')) return null;
    throw error;
  }
}

/** A list of its own stands for another part of the same folders; another split has folders of its own. */
function placesOf(otherData: boolean, list: string | undefined): Partial<DataRequest> {
  if (list !== undefined) return { list };
  return otherData ? {} : { images: undefined, annotations: undefined, list: undefined };
}
