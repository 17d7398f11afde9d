import {
  type CocoAnnotation,
  type CocoCategoryInfo,
  type CocoImageInfo,
  compressRle,
  type Dataset,
  dataError,
  maskFromPolygons,
  type ObjectAnnotation,
  type Polygon,
  parseCocoGroundTruth,
  type Rle,
  type Segmentation,
} from '@glid/base';
import { openRoot, type Root } from '../files/file-source.ts';
import { parseJson } from '../files/parse-json.ts';
import { joinPath } from '../files/safe-path.ts';
import { readPicture } from './picture.ts';
import { type ReaderOptions, recordGetter } from './reader-options.ts';
import { skeletonOf } from './skeleton.ts';

export interface CocoOptions extends ReaderOptions {
  /** Instances or person keypoints, for example `annotations/instances_train2017.json`. */
  readonly annotations: string;
  /** Folder of the pictures, for example `train2017`. Default the root. */
  readonly images?: string;
}

/**
 * COCO instances and keypoints. Labels are in the order of category ids; coordinates are taken as continuous. Polygons
 * become masks only when they are asked for. Throws `GLID_DATA` for a file that is not sound.
 */
export async function readCoco(root: Root, options: CocoOptions): Promise<Dataset> {
  const files = await openRoot(root);
  const source = `${files.name}/${options.annotations}`;
  const json = parseJson(await files.read(options.annotations, options), source);
  const truth = parseCocoGroundTruth(json, source);
  const categories = [...truth.categories].sort((a, b) => a.id - b.id);
  const labelOf = new Map(categories.map(({ id, name }) => [id, name]));
  const skeleton = skeletonOf(json, source);
  const objects = groupByImage(truth.annotations);
  const folder = options.images ?? '';
  return {
    name: options.name ?? source,
    length: truth.images.length,
    labels: distinctNames(categories, source),
    ...(skeleton ? { skeleton } : {}),
    get: recordGetter(truth.images, (image) => {
      const path = joinPath(folder, fileNameOf(image, source));
      return {
        id: String(image.id),
        source: `${files.name}/${path}`,
        image: () => readPicture(files, path, { ...options, expected: image }),
        objects: (objects.get(image.id) ?? []).map((annotation) =>
          objectOf(annotation, image, labelOf.get(annotation.categoryId)!, source),
        ),
      };
    }),
  };
}

function groupByImage(annotations: readonly CocoAnnotation[]): Map<CocoImageInfo['id'], CocoAnnotation[]> {
  const groups = new Map<CocoImageInfo['id'], CocoAnnotation[]>();
  for (const annotation of annotations) {
    const group = groups.get(annotation.imageId);
    if (group) group.push(annotation);
    else groups.set(annotation.imageId, [annotation]);
  }
  return groups;
}

function objectOf(annotation: CocoAnnotation, image: CocoImageInfo, label: string, source: string): ObjectAnnotation {
  const [x, y, width, height] = annotation.bbox;
  const { id, segmentation, keypoints, area, crowd } = annotation;
  let mask: Rle | undefined;
  return {
    ...(typeof id === 'number' ? { id } : {}),
    label,
    box: [x, y, x + width, y + height],
    crowd,
    ...(area === undefined ? {} : { area }),
    ...(keypoints ? { keypoints: Float32Array.from(keypoints) } : {}),
    ...(segmentation && {
      get mask(): Rle {
        mask ??= rleOf(segmentation, image, source, id);
        return mask;
      },
    }),
  };
}

function rleOf(segmentation: Segmentation, image: CocoImageInfo, source: string, id: number | string): Rle {
  if (Array.isArray(segmentation)) {
    return compressRle(
      maskFromPolygons(segmentation as readonly Polygon[], [image.height, image.width], { source, id }),
    );
  }
  const { size, counts } = segmentation as Rle;
  return typeof counts === 'string' ? { size, counts } : compressRle({ size, counts });
}

export function fileNameOf(image: CocoImageInfo, source: string): string {
  if (image.fileName !== undefined) return image.fileName;
  throw dataError({ source, id: image.id, field: 'file_name' }, 'is absent.', 'Add the name of the picture file.');
}

/** Labels must tell classes apart. */
export function distinctNames(categories: readonly CocoCategoryInfo[], source: string): string[] {
  const names = categories.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice === undefined) return names;
  throw dataError({ source, field: 'categories', got: twice }, `Two categories are called '${twice}'.`, 'Rename one.');
}
