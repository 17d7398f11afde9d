import {
  type CocoPanopticAnnotation,
  type Dataset,
  dataError,
  type LabelMap,
  type PanopticSegment,
  parseCocoPanoptic,
} from '@glid/base';
import { decodePanopticPng } from '../decode/decode-maps.ts';
import { type FileSource, openRoot, type Root } from '../files/file-source.ts';
import { parseJson } from '../files/parse-json.ts';
import { joinPath } from '../files/safe-path.ts';
import { distinctNames, fileNameOf } from './coco.ts';
import { readPicture } from './picture.ts';
import { type ReaderOptions, recordGetter } from './reader-options.ts';

export interface CocoPanopticOptions extends ReaderOptions {
  /** For example `annotations/panoptic_train2017.json`. */
  readonly annotations: string;
  /** Folder of the id PNGs. Default the annotation file's name without `.json`. */
  readonly maps?: string;
  readonly images?: string;
}

/**
 * COCO panoptic: JSON beside PNGs with id = R + 256 G + 65536 B. The semantic map comes from the segments (void = 255); it
 * is absent with more than 255 classes. Throws `GLID_DATA` for a file that is not sound.
 */
export async function readCocoPanoptic(root: Root, options: CocoPanopticOptions): Promise<Dataset> {
  const files = await openRoot(root);
  const source = `${files.name}/${options.annotations}`;
  const truth = parseCocoPanoptic(parseJson(await files.read(options.annotations, options), source), source);
  const categories = [...truth.categories].sort((a, b) => a.id - b.id);
  const labels = distinctNames(categories, source);
  const labelOf = new Map(categories.map(({ id, name }) => [id, name]));
  const imageOf = new Map(truth.images.map((image) => [image.id, image]));
  const maps = options.maps ?? options.annotations.replace(/\.json$/, '');
  return {
    name: options.name ?? source,
    length: truth.annotations.length,
    labels,
    ...(labels.length <= 255 ? { semanticLabels: labels } : {}),
    thingLabels: categories.filter(({ isThing }) => isThing).map(({ name }) => name),
    get: recordGetter(truth.annotations, (annotation) => {
      const image = imageOf.get(annotation.imageId)!;
      const path = joinPath(options.images ?? '', fileNameOf(image, source));
      const segments = segmentsOf(annotation, labelOf);
      const panoptic = async (): Promise<{ ids: LabelMap; segments: readonly PanopticSegment[] }> => ({
        ids: await readIds(files, joinPath(maps, annotation.fileName), segments, options),
        segments,
      });
      return {
        id: String(image.id),
        source: `${files.name}/${path}`,
        image: () => readPicture(files, path, { ...options, expected: image }),
        panoptic,
        ...(labels.length <= 255 ? { semantic: async () => semanticOf((await panoptic()).ids, segments, labels) } : {}),
      };
    }),
  };
}

function segmentsOf(annotation: CocoPanopticAnnotation, labelOf: ReadonlyMap<number, string>): PanopticSegment[] {
  return annotation.segments.map(({ id, categoryId, crowd, area }) => ({
    id,
    label: labelOf.get(categoryId)!,
    crowd: crowd === true,
    ...(area === undefined ? {} : { area }),
  }));
}

async function readIds(
  files: FileSource,
  path: string,
  segments: readonly PanopticSegment[],
  options: ReaderOptions,
): Promise<LabelMap> {
  const source = `${files.name}/${path}`;
  const ids = await decodePanopticPng(await files.read(path, options), source);
  const known = new Set([0, ...segments.map(({ id }) => id)]);
  const stranger = ids.data.find((id) => !known.has(id));
  if (stranger === undefined) return ids;
  throw dataError(
    { source, got: stranger },
    `Segment ${stranger} is painted but not listed.`,
    'List it in segments_info.',
  );
}

function semanticOf(ids: LabelMap, segments: readonly PanopticSegment[], labels: readonly string[]): LabelMap {
  const classOf = new Map([[0, 255], ...segments.map(({ id, label }) => [id, labels.indexOf(label)] as const)]);
  const data = new Uint8Array(ids.data.length);
  for (let i = 0; i < data.length; i++) data[i] = classOf.get(ids.data[i]!)!;
  return { width: ids.width, height: ids.height, data };
}
