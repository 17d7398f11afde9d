import type { OptionSpecs, OptionValues } from '../command.ts';
import { usageError } from '../usage-error.ts';
import type { DataRequest } from './data-request.ts';
import { type Format, formats, type Part } from './formats.ts';

/** Options that say which data set. */
export const dataOptions: OptionSpecs = {
  data: {
    kind: 'string',
    placeholder: 'PATH',
    help: "data folder or annotation file; 'synthetic' or 'synthetic-figures' are drawn and need no files",
  },
  format: { kind: 'string', help: 'layout of the data; found out when absent', choices: formats },
  split: { kind: 'string', placeholder: 'NAME', help: 'split to read; the usual names are tried when absent' },
  images: { kind: 'string', placeholder: 'FOLDER', help: 'folder of the pictures, relative to --data' },
  annotations: { kind: 'string', placeholder: 'PATH', help: 'annotation file or folder, relative to --data' },
  list: { kind: 'string', placeholder: 'FILE', help: 'text file that names the pictures, relative to --data' },
  labels: {
    kind: 'list',
    placeholder: 'A,B,…',
    help: 'class names in order, where the data does not name them; which things synthetic scenes show',
  },
  categories: {
    kind: 'string',
    placeholder: 'FILE',
    help: 'JSON file with the name of each value of class maps; classes.json in the data folder when absent',
  },
  depthUnit: { kind: 'number', placeholder: 'M', help: 'metres a grey level of depth maps (default 0.001)' },
  limit: {
    kind: 'integer',
    placeholder: 'N',
    help: 'only the first N pictures; how many scenes are drawn',
    minimum: 1,
  },
  size: { kind: 'string', placeholder: 'HxW', help: 'pixels that pictures are brought to, for example 128 or 96x128' },
};

/** The data set that options name. @throws GLID_USAGE when they name none */
export function dataRequest(options: OptionValues, part: Part): DataRequest {
  const { data } = options;
  if (typeof data !== 'string') throw usageError('--data is missing.', "Give a folder, or 'synthetic'.");
  return {
    data,
    part,
    format: options.format as Format | undefined,
    split: options.split as string | undefined,
    images: options.images as string | undefined,
    annotations: options.annotations as string | undefined,
    list: options.list as string | undefined,
    labels: options.labels as readonly string[] | undefined,
    categories: options.categories as string | undefined,
    depthUnit: options.depthUnit as number | undefined,
    limit: options.limit as number | undefined,
    seed: options.seed as number | undefined,
    size: sizeOf(options),
  };
}

/** `--size` as height and width. @throws GLID_USAGE */
export function sizeOf({ size }: OptionValues): readonly [number, number] | undefined {
  if (size === undefined) return undefined;
  const match = /^(\d{2,4})(?:x(\d{2,4}))?$/.exec(String(size));
  if (!match) throw usageError(`--size is '${String(size)}'.`, 'Give pixels: 128, or height x width as 96x128.');
  return [Number(match[1]), Number(match[2] ?? match[1])];
}
