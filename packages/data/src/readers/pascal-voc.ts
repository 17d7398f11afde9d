import { type BoxXyxy, type Dataset, dataError, GlidError, type ObjectAnnotation, type SceneRecord } from '@glid/base';
import { type FileSource, openRoot, type Root } from '../files/file-source.ts';
import { decodeText } from '../files/parse-json.ts';
import { joinPath } from '../files/safe-path.ts';
import { readLines } from './image-folder.ts';
import { readPicture } from './picture.ts';
import { type ReaderOptions, recordGetter } from './reader-options.ts';
import { childOf, parseXml, type XmlElement } from './xml.ts';

export interface PascalVocOptions extends ReaderOptions {
  /** Name of a list in `ImageSets/Main`: `train`, `val`, `trainval`, `test`. */
  readonly split: string;
  /** Class names in order. Default: all names of the split's annotations, sorted, which reads every one of them once. */
  readonly labels?: readonly string[];
}

/**
 * Pascal VOC: `JPEGImages`, `Annotations/*.xml`, `ImageSets/Main/<split>.txt`. Boxes are 1-based and inclusive in the file,
 * continuous here: `[xmin - 1, ymin - 1, xmax, ymax]`. Throws `GLID_DATA` for a list that is absent or empty.
 */
export async function readPascalVoc(root: Root, options: PascalVocOptions): Promise<Dataset> {
  const files = await openRoot(root);
  const list = `ImageSets/Main/${options.split}.txt`;
  const names = (await readLines(files, list, options)).map((line) => line.split(/\s+/)[0]!);
  if (names.length === 0)
    throw dataError({ source: `${files.name}/${list}` }, 'The list is empty.', 'Add picture names.');
  const labels = options.labels ?? (await namesOf(files, names, options));
  return {
    name: options.name ?? `${files.name}/${options.split}`,
    length: names.length,
    labels,
    get: recordGetter(names, (name) => readRecord(files, name, labels, options)),
  };
}

async function readRecord(
  files: FileSource,
  name: string,
  labels: readonly string[],
  options: PascalVocOptions,
): Promise<SceneRecord> {
  const source = `${files.name}/Annotations/${name}.xml`;
  const annotation = await readAnnotation(files, name, options);
  const size = childOf(annotation, 'size');
  const expected = size && {
    width: integerOf(size, 'width', source, name),
    height: integerOf(size, 'height', source, name),
  };
  const path = joinPath('JPEGImages', fileName(annotation, name));
  return {
    id: name,
    source: `${files.name}/${path}`,
    image: () => readPicture(files, path, { ...options, ...(expected ? { expected } : {}) }),
    objects: objectElements(annotation).map((element) => objectOf(element, labels, source, name)),
  };
}

async function readAnnotation(files: FileSource, name: string, options: PascalVocOptions): Promise<XmlElement> {
  const path = `Annotations/${name}.xml`;
  const source = `${files.name}/${path}`;
  const xml = parseXml(decodeText(await files.read(path, { maxBytes: options.maxBytes ?? 2 ** 24 }), source), source);
  if (xml.name === 'annotation') return xml;
  throw dataError({ source, got: xml.name }, 'The outer element is not <annotation>.', 'Give Pascal VOC files.');
}

/** Tools write folders and wrong extensions into <filename>; only its extension is taken over. */
function fileName(annotation: XmlElement, name: string): string {
  const given = childOf(annotation, 'filename')?.text ?? '';
  const extension = /\.(jpe?g|png|bmp|webp)$/i.exec(given)?.[0];
  return `${name}${extension ?? '.jpg'}`;
}

function objectElements(annotation: XmlElement): XmlElement[] {
  return annotation.children.filter(({ name }) => name === 'object');
}

function objectOf(element: XmlElement, labels: readonly string[], source: string, id: string): ObjectAnnotation {
  const label = childOf(element, 'name')?.text ?? '';
  if (!labels.includes(label)) {
    throw dataError(
      { source, id, field: 'object.name', got: label },
      `'${label}' is not among the labels.`,
      'Add it to `labels`.',
    );
  }
  const frame = childOf(element, 'bndbox');
  if (!frame) throw dataError({ source, id, field: 'object.bndbox' }, 'is absent.', 'Add the box.');
  const [xmin, ymin, xmax, ymax] = (['xmin', 'ymin', 'xmax', 'ymax'] as const).map((field) =>
    numberOf(frame, field, source, id),
  ) as [number, number, number, number];
  const box: BoxXyxy = [xmin - 1, ymin - 1, xmax, ymax];
  if (!(box[2] > box[0] && box[3] > box[1])) {
    throw dataError({ source, id, field: 'object.bndbox', got: [xmin, ymin, xmax, ymax] }, 'is empty.', 'Correct it.');
  }
  return { label, box, ...(childOf(element, 'difficult')?.text === '1' ? { difficult: true } : {}) };
}

function numberOf(parent: XmlElement, field: string, source: string, id: string): number {
  const text = childOf(parent, field)?.text ?? '';
  const value = Number(text);
  if (text !== '' && Number.isFinite(value)) return value;
  throw dataError({ source, id, field, got: text }, `is not a number ('${text.slice(0, 40)}').`, 'Correct it.');
}

function integerOf(parent: XmlElement, field: string, source: string, id: string): number {
  const value = numberOf(parent, field, source, id);
  if (Number.isInteger(value) && value > 0) return value;
  throw dataError({ source, id, field, got: value }, `is ${value}.`, 'Give whole pixels, or leave out <size>.');
}

/** All class names that occur. Files that cannot be read are left to the record that owns them. */
async function namesOf(files: FileSource, names: readonly string[], options: PascalVocOptions): Promise<string[]> {
  const found = new Set<string>();
  for (const name of names) {
    try {
      for (const element of objectElements(await readAnnotation(files, name, options))) {
        const label = childOf(element, 'name')?.text;
        if (label) found.add(label);
      }
    } catch (error) {
      if (!GlidError.isInstance(error)) throw error;
    }
  }
  return [...found].sort();
}
