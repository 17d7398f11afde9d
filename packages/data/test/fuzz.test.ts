import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Dataset, GlidError, Random } from '@glid/base';
import fc from 'fast-check';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  decodeImage,
  imageSize,
  memoryFiles,
  readCoco,
  readCocoPanoptic,
  readDepthList,
  readImageFolder,
  readPascalVoc,
  readSemanticFolder,
  readYolo,
} from '../src/index.ts';
import { parseXml } from '../src/readers/xml.ts';

let jpeg: Uint8Array;
let label: Uint8Array;
let ids: Uint8Array;
let depth: Uint8Array;

beforeAll(async () => {
  const make = (channels: 1 | 3, fill: number) =>
    sharp(new Uint8Array(8 * 6 * channels).fill(fill), { raw: { width: 8, height: 6, channels } });
  // Copies: `slice` of a Node buffer would share its memory.
  jpeg = new Uint8Array(await make(3, 90).jpeg().toBuffer());
  label = new Uint8Array(await make(1, 2).toColourspace('b-w').png().toBuffer());
  ids = new Uint8Array(await make(3, 7).png().toBuffer());
  const deep = new Uint16Array(48).fill(1500);
  const deepPng = sharp(deep, { raw: { width: 8, height: 6, channels: 1 } })
    .toColourspace('grey16')
    .png();
  depth = new Uint8Array(await deepPng.toBuffer());
});

/** Everything a data set can do, on every record. */
async function readAll(dataset: Dataset): Promise<void> {
  for (let i = 0; i < dataset.length; i++) {
    const record = await dataset.get(i);
    for (const object of record.objects ?? []) void object.mask;
    await record.image();
    await record.semantic?.();
    await record.panoptic?.();
    await record.depth?.();
  }
}

const typed = (error: unknown): boolean =>
  GlidError.isInstance(error) && ['GLID_DATA', 'GLID_IMAGE'].includes(error.code) && error.fix.length > 0;

async function onlyTypedErrors(run: () => Promise<unknown>): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (!typed(error)) throw error;
  }
}

const coco = (): Record<string, unknown> => ({
  images: [{ id: 1, file_name: 'a.jpg', width: 8, height: 6 }],
  categories: [{ id: 3, name: 'cat', keypoints: ['left_eye', 'right_eye'], skeleton: [[1, 2]] }],
  annotations: [
    {
      id: 5,
      image_id: 1,
      category_id: 3,
      bbox: [1, 1, 4, 3],
      area: 12,
      iscrowd: 0,
      segmentation: [[1, 1, 5, 1, 5, 4, 1, 4]],
      keypoints: [2, 2, 2, 4, 2, 1],
    },
    {
      id: 6,
      image_id: 1,
      category_id: 3,
      bbox: [0, 0, 8, 6],
      area: 48,
      iscrowd: 1,
      segmentation: { size: [6, 8], counts: [0, 48] },
    },
  ],
});
const panoptic = (): Record<string, unknown> => ({
  images: [{ id: 1, file_name: 'a.jpg', width: 8, height: 6 }],
  categories: [{ id: 3, name: 'cat', isthing: 1 }],
  annotations: [
    {
      image_id: 1,
      file_name: 'a.png',
      segments_info: [{ id: 7 * 65793, category_id: 3, iscrowd: 0, area: 48, bbox: [0, 0, 8, 6] }],
    },
  ],
});
const voc =
  '<annotation><filename>a.jpg</filename><size><width>8</width><height>6</height></size><object><name>cat</name><bndbox><xmin>1</xmin><ymin>2</ymin><xmax>5</xmax><ymax>6</ymax></bndbox></object></annotation>';
const yaml = 'path: .\ntrain: images/train\nnames:\n  0: cat\n';

type Files = Record<string, Uint8Array | string>;
const layouts: Record<string, { files: () => Files; read: (files: Files) => Promise<Dataset> }> = {
  folder: { files: () => ({ 'a.jpg': jpeg }), read: (files) => readImageFolder(memoryFiles(files)) },
  coco: {
    files: () => ({ 'a.json': JSON.stringify(coco()), 'a.jpg': jpeg }),
    read: (files) => readCoco(memoryFiles(files), { annotations: 'a.json' }),
  },
  panoptic: {
    files: () => ({ 'p.json': JSON.stringify(panoptic()), 'p/a.png': ids, 'a.jpg': jpeg }),
    read: (files) => readCocoPanoptic(memoryFiles(files), { annotations: 'p.json' }),
  },
  semantic: {
    files: () => ({ 'images/a.jpg': jpeg, 'annotations/a.png': label }),
    read: (files) =>
      readSemanticFolder(memoryFiles(files), { images: 'images', annotations: 'annotations', labels: ['a', 'b', 'c'] }),
  },
  depth: {
    files: () => ({ 'list.txt': 'a.jpg d.png 518.8\n', 'a.jpg': jpeg, 'd.png': depth }),
    read: (files) => readDepthList(memoryFiles(files), { list: 'list.txt' }),
  },
  voc: {
    files: () => ({ 'ImageSets/Main/train.txt': 'a\n', 'Annotations/a.xml': voc, 'JPEGImages/a.jpg': jpeg }),
    read: (files) => readPascalVoc(memoryFiles(files), { split: 'train' }),
  },
  yolo: {
    files: () => ({
      'data.yaml': yaml,
      'images/train/a.jpg': jpeg,
      'labels/train/a.txt': '0 0.5 0.5 0.25 0.5\n0 .1 .1 .5 .1 .5 .5\n',
    }),
    read: (files) => readYolo(memoryFiles(files), { split: 'train' }),
  },
};

describe.each(Object.keys(layouts))('reader of %s', (name) => {
  const { files, read } = layouts[name]!;

  it('reads a sound set', async () => {
    const dataset = await read(files());
    expect(dataset.length).toBe(1);
    await readAll(dataset);
  });

  it('gives only typed errors for files that are cut, flipped, swapped, empty or absent', async () => {
    const sound = files();
    for (const path of Object.keys(sound)) {
      const content = sound[path]!;
      const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
      const random = new Random(7);
      const variants: (Uint8Array | null)[] = [
        null,
        new Uint8Array(),
        new Uint8Array(300).fill(0xff),
        jpeg,
        label,
        ids,
      ];
      for (let k = 0; k < 12; k++) variants.push(bytes.slice(0, random.integer(bytes.length)));
      for (let k = 0; k < 40; k++) {
        const changed = bytes.slice();
        changed[random.integer(changed.length)] = random.integer(256);
        variants.push(changed);
      }
      for (const variant of variants) {
        const { [path]: _, ...rest } = sound;
        await onlyTypedErrors(async () => readAll(await read(variant ? { ...rest, [path]: variant } : rest)));
      }
    }
  });
});

describe('annotation files', () => {
  const hostile = fc.oneof(
    fc.constantFrom<unknown>(
      null,
      -1,
      0,
      1e308,
      1.5,
      '',
      '../x',
      '/etc/passwd',
      'C:\\x',
      [],
      {},
      { toString: {} },
      [{ toString: {} }, { valueOf: 1, toString: 1 }, 1, 1],
      [[]],
      [1, 2],
      true,
      '\u0000',
      'a'.repeat(1000),
    ),
    fc.jsonValue(),
  );

  it.each([
    ['coco', coco, 'a.json'],
    ['panoptic', panoptic, 'p.json'],
  ] as const)('of %s: any value in any place is refused with a type or read', async (name, make, path) => {
    await fc.assert(
      fc.asyncProperty(fc.nat(1e6), hostile, async (at, value) => {
        const json = make();
        const places: [Record<string, unknown>, string][] = [];
        const walk = (node: unknown): void => {
          if (typeof node !== 'object' || node === null) return;
          for (const key of Object.keys(node)) {
            places.push([node as Record<string, unknown>, key]);
            walk((node as Record<string, unknown>)[key]);
          }
        };
        walk(json);
        const [parent, key] = places[at % places.length]!;
        parent[key] = value;
        const { files, read } = layouts[name]!;
        await onlyTypedErrors(async () => readAll(await read({ ...files(), [path]: JSON.stringify(json) })));
      }),
      { numRuns: 400 },
    );
  });

  it('names file, record and field', async () => {
    const json = coco() as { annotations: { bbox: unknown }[] };
    json.annotations[1]!.bbox = [0, 0, 'wide', 2];
    const read = readCoco(memoryFiles({ 'a.json': JSON.stringify(json), 'a.jpg': jpeg }), { annotations: 'a.json' });
    await expect(read).rejects.toMatchObject({
      code: 'GLID_DATA',
      details: { source: 'memory/a.json', id: 6, field: 'bbox' },
    });
  });

  it('nested without end or larger than the limit are refused', async () => {
    const read = (text: string, maxBytes?: number) =>
      readCoco(memoryFiles({ 'a.json': text }), { annotations: 'a.json', ...(maxBytes ? { maxBytes } : {}) });
    await expect(read('['.repeat(2_000_000))).rejects.toThrowError(/nested deeper/);
    await expect(read(`{"images":${'{"a":'.repeat(100)}1${'}'.repeat(100)}}`)).rejects.toThrowError(/nested deeper/);
    await expect(read('x'.repeat(2000), 1000)).rejects.toThrowError(/limit is 1000/);
    await expect(read('{"images": [')).rejects.toThrowError(/not valid JSON/);
  });

  it('cannot lead out of the data folder', async () => {
    for (const path of ['../secret.jpg', '/etc/passwd', 'a/../../b.jpg', 'C:/x.jpg', '..\\x.jpg', '', 'a\0.jpg']) {
      const json = coco() as { images: { file_name: string }[] };
      json.images[0]!.file_name = path;
      const files = memoryFiles({ 'a.json': JSON.stringify(json), 'a.jpg': jpeg });
      await expect(readCoco(files, { annotations: 'a.json' }).then(readAll)).rejects.toSatisfy(typed);
    }
    const bomb = 'a: &a [x,x,x,x]\nb: &b [*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b]\nnames: [*c,*c,*c,*c]\ntrain: images';
    await expect(readYolo(memoryFiles({ 'data.yaml': bomb }), { split: 'train' })).rejects.toSatisfy(typed);
    await expect(
      readYolo(memoryFiles({ 'data.yaml': 'path: ..\ntrain: x\nnames: [a]' }), { split: 'train' }),
    ).rejects.toSatisfy(typed);
  });

  it('XML: entities of its own, bad nesting and endless depth are refused', () => {
    expect(parseXml('<a><!-- c --><b>x &amp; &#65;</b><![CDATA[ <raw> ]]></a>', 'x')).toMatchObject({
      name: 'a',
      text: '<raw>',
      children: [{ name: 'b', text: 'x & A' }],
    });
    for (const bad of [
      '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
      '<a><b></a></b>',
      '<a>',
      '</a>',
      '',
      'text',
      '<a/><b/>',
      '<a>&unknown;</a>',
      '<a'.repeat(10),
      '<a>'.repeat(100),
    ]) {
      expect(() => parseXml(bad, 'x')).toThrowError(GlidError);
    }
  });
});

describe('real folders', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'glid-data-'));
    await mkdir(join(folder, 'set/images'), { recursive: true });
    await writeFile(join(folder, 'secret.jpg'), jpeg);
    await writeFile(join(folder, 'set/images/a.jpg'), jpeg);
    await symlink(join(folder, 'secret.jpg'), join(folder, 'set/images/out.jpg'));
    await symlink(join(folder, 'set/images/a.jpg'), join(folder, 'set/images/in.jpg'));
    await mkdir(join(folder, 'set/images/folder.jpg'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('follow links inside of the root only', async () => {
    const dataset = await readImageFolder(join(folder, 'set'), { images: 'images', recursive: false });
    const byId = new Map<string, () => Promise<unknown>>();
    for (let i = 0; i < dataset.length; i++) {
      const record = await dataset.get(i);
      byId.set(record.id, record.image);
    }
    expect([...byId.keys()]).toEqual(['a.jpg', 'in.jpg', 'out.jpg']);
    await byId.get('a.jpg')!();
    await byId.get('in.jpg')!();
    await expect(byId.get('out.jpg')!()).rejects.toThrowError(/symbolic link/i);
  });

  it('that are absent or empty are said to be so', async () => {
    await expect(readImageFolder(join(folder, 'nowhere'))).rejects.toSatisfy(typed);
    await expect(readImageFolder(join(folder, 'set'), { images: 'images/folder.jpg' })).rejects.toThrowError(
      /no pictures/,
    );
    await expect(readImageFolder(join(folder, 'set'), { list: 'images' })).rejects.toSatisfy(typed);
  });
});

describe('headers', () => {
  it('of any bytes give a size or null', async () => {
    const webp = new Uint8Array(await sharp(jpeg).webp().toBuffer());
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(0, 1, 2),
        fc.nat(200),
        fc.nat(255),
        fc.nat(400),
        async (kind, at, value, cut) => {
          const bytes = [jpeg, ids, webp][kind]!.slice(0, cut);
          if (at < bytes.length) bytes[at] = value;
          imageSize(bytes);
          if (cut % 10 === 0) await onlyTypedErrors(() => decodeImage(bytes, { maxPixels: 1e6 }));
        },
      ),
      { numRuns: 300 },
    );
  });
});
