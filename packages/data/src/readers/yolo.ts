import {
  type BoxXyxy,
  compressRle,
  type Dataset,
  dataError,
  maskFromPolygons,
  type ObjectAnnotation,
  type SceneRecord,
} from '@glid/base';
import { parse } from 'yaml';
import { imageSize } from '../decode/image-size.ts';
import { type FileSource, openRoot, type Root } from '../files/file-source.ts';
import { decodeText } from '../files/parse-json.ts';
import { joinPath } from '../files/safe-path.ts';
import { findPictures, readLines } from './image-folder.ts';
import { readPicture } from './picture.ts';
import { type ReaderOptions, recordGetter } from './reader-options.ts';

export interface YoloOptions extends ReaderOptions {
  /** Default `data.yaml`. */
  readonly config?: string;
  /** A key of the configuration: `train`, `val`, `test`. */
  readonly split: string;
}

/**
 * YOLO: `data.yaml` with `names` and the split's folder or list of pictures; the label file of `images/../x.jpg` is
 * `labels/../x.txt` with lines `class cx cy w h` (boxes) or `class x1 y1 x2 y2 …` (outlines), relative to the picture.
 * No label file means no objects. Throws `GLID_DATA` for a configuration that is not sound.
 */
export async function readYolo(root: Root, options: YoloOptions): Promise<Dataset> {
  const files = await openRoot(root);
  const config = options.config ?? 'data.yaml';
  const source = `${files.name}/${config}`;
  const settings = readSettings(
    decodeText(await files.read(config, { maxBytes: 2 ** 20 }), source),
    options.split,
    source,
  );
  const pictures = (await Promise.all(settings.places.map((place) => picturesOf(files, place, options)))).flat();
  if (pictures.length === 0) {
    throw dataError({ source, field: options.split }, 'There are no pictures.', 'Check `path` and the split.');
  }
  return {
    name: options.name ?? `${files.name}/${options.split}`,
    length: pictures.length,
    labels: settings.labels,
    get: recordGetter(pictures, (path) => readRecord(files, path, settings.labels, options)),
  };
}

interface Settings {
  readonly labels: readonly string[];
  readonly places: readonly string[];
}

function readSettings(text: string, split: string, source: string): Settings {
  let yaml: unknown;
  try {
    yaml = parse(text, { maxAliasCount: 10 });
  } catch (cause) {
    throw dataError({ source, reason: String(cause) }, 'This is not valid YAML.', 'Repair the file.');
  }
  if (typeof yaml !== 'object' || yaml === null) throw dataError({ source }, 'The file is empty.', 'Give data.yaml.');
  const { names, path = '', [split]: place } = yaml as { readonly [key: string]: unknown };
  const labels = labelsOf(names);
  if (!labels)
    throw dataError({ source, field: 'names' }, 'is not a list of class names.', 'List all names from 0 on.');
  const places = typeof place === 'string' ? [place] : place;
  if (!Array.isArray(places) || !places.every((p) => typeof p === 'string') || typeof path !== 'string') {
    throw dataError({ source, field: split }, 'is not a folder or list.', 'Name the folder of this split.');
  }
  return { labels, places: places.map((p) => joinPath(path, p)) };
}

/** A list, or a map from 0, 1, … to names. */
function labelsOf(names: unknown): string[] | null {
  if (typeof names !== 'object' || names === null) return null;
  const entries = Object.entries(names);
  const labels = entries.map(([, name]) => name);
  const ordered = entries.every(([key], i) => key === String(i));
  return entries.length > 0 && ordered && labels.every((name) => typeof name === 'string') ? labels : null;
}

async function picturesOf(files: FileSource, place: string, options: YoloOptions): Promise<string[]> {
  if (place.endsWith('.txt'))
    return (await readLines(files, place, options)).map((line) => joinPath(...line.split('/')));
  return (await findPictures(files, place, true)).map((name) => joinPath(place, name));
}

async function readRecord(
  files: FileSource,
  path: string,
  labels: readonly string[],
  options: YoloOptions,
): Promise<SceneRecord> {
  const source = `${files.name}/${path}`;
  const header = imageSize(await files.read(path, options));
  const size = header ?? (await readPicture(files, path, options));
  const labelPath = labelPathOf(path);
  const lines = (await files.has(labelPath)) ? await readLines(files, labelPath, { maxBytes: 2 ** 24 }) : [];
  return {
    id: path,
    source,
    image: () => readPicture(files, path, { ...options, expected: size }),
    objects: lines.map((line, i) => objectOf(line, i + 1, labels, size, `${files.name}/${labelPath}`)),
  };
}

/** The last folder called `images` becomes `labels`. */
function labelPathOf(path: string): string {
  const parts = path.split('/');
  const at = parts.lastIndexOf('images');
  if (at >= 0) parts[at] = 'labels';
  const joined = parts.join('/');
  return `${joined.slice(0, joined.lastIndexOf('.'))}.txt`;
}

function objectOf(
  line: string,
  number: number,
  labels: readonly string[],
  { width, height }: { readonly width: number; readonly height: number },
  source: string,
): ObjectAnnotation {
  const values = line.split(/\s+/).map(Number);
  const [index, ...places] = values as [number, ...number[]];
  const fail = (what: string, fix: string): Error => dataError({ source, id: number, field: 'line' }, what, fix);
  if (!values.every(Number.isFinite) || places.length < 4 || (places.length > 4 && places.length % 2 === 1)) {
    throw fail(`'${line.slice(0, 80)}' is neither a box nor an outline.`, "Write 'class cx cy w h'.");
  }
  const label = labels[index];
  if (label === undefined) throw fail(`there is no class ${index}.`, `Use 0..${labels.length - 1}.`);
  if (places.length === 4) {
    const [cx, cy, w, h] = places as [number, number, number, number];
    const box: BoxXyxy = [(cx - w / 2) * width, (cy - h / 2) * height, (cx + w / 2) * width, (cy + h / 2) * height];
    if (w > 0 && h > 0) return { label, box };
    throw fail('the box is empty.', 'Remove the line.');
  }
  const outline = places.map((v, i) => v * (i % 2 === 0 ? width : height));
  const xs = outline.filter((_, i) => i % 2 === 0);
  const ys = outline.filter((_, i) => i % 2 === 1);
  return {
    label,
    box: [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)],
    get mask() {
      return compressRle(maskFromPolygons([outline], [height, width], { source, id: number }));
    },
  };
}
