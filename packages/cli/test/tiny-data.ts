import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Dataset } from '@glid/base';
import { syntheticFigures, syntheticScenes } from '@glid/data';
import { encodePng } from '../src/files/png.ts';

/** The smallest model with all its parts. */
export const microBackbone = {
  encoder: {
    embed: 8,
    depths: [2, 1, 1, 1],
    heads: [1, 2, 2, 2],
    window: 4,
    mlpRatio: 2,
    dropPath: 0,
    semantics: 'detection',
  },
  neck: { width: 16, cells: 1, groups: 4, pixelsFrom: 'neck' },
  decoder: { layers: 3, heads: 2, ffn: 24 },
};

const scenes = (part: 'train' | 'val', length: number): Dataset =>
  syntheticScenes({ seed: part === 'train' ? 1 : 2, length, size: 64 });

async function put(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}

async function putPicture(path: string, dataset: Dataset, index: number): Promise<void> {
  const { width, height, data } = await (await dataset.get(index)).image();
  await put(path, encodePng({ width, height, channels: 3, data: Uint8Array.from(data) }));
}

const ids = (labels: readonly string[]) => labels.map((name, i) => ({ id: i + 1, name }));

/** `annotations/instances_{train,val}.json` and `person_keypoints_train.json`, as COCO has them. */
export async function writeCoco(root: string): Promise<void> {
  for (const part of ['train', 'val'] as const) {
    const dataset = scenes(part, 3);
    const images = [];
    const annotations = [];
    for (let i = 0; i < dataset.length; i++) {
      await putPicture(join(root, part, `${i}.png`), dataset, i);
      images.push({ id: i, width: 64, height: 64, file_name: `${i}.png` });
      for (const { label, box, mask } of (await dataset.get(i)).objects ?? []) {
        const [x, y, x1, y1] = box;
        annotations.push({
          id: annotations.length + 1,
          image_id: i,
          category_id: dataset.labels.indexOf(label) + 1,
          bbox: [x, y, x1 - x, y1 - y],
          area: (x1 - x) * (y1 - y),
          iscrowd: 0,
          segmentation: mask,
        });
      }
    }
    const file = { images, annotations, categories: ids(dataset.labels) };
    await put(join(root, `annotations/instances_${part}.json`), JSON.stringify(file));
  }
  const figures = syntheticFigures({ seed: 1, length: 2 });
  const { joints, edges } = figures.skeleton!;
  const body = (await figures.get(0)).objects![0]!;
  const file = {
    images: [{ id: 0, width: 96, height: 128, file_name: 'figure.png' }],
    annotations: [
      {
        id: 1,
        image_id: 0,
        category_id: 1,
        bbox: [body.box[0], body.box[1], body.box[2] - body.box[0], body.box[3] - body.box[1]],
        area: body.area,
        iscrowd: 0,
        keypoints: [...body.keypoints!],
      },
    ],
    categories: [{ id: 1, name: 'person', keypoints: joints, skeleton: edges.map(([a, b]) => [a + 1, b + 1]) }],
  };
  await putPicture(join(root, 'train/figure.png'), figures, 0);
  await put(join(root, 'annotations/person_keypoints_train.json'), JSON.stringify(file));
}

export async function writeVoc(root: string): Promise<void> {
  const dataset = scenes('train', 2);
  for (let i = 0; i < 2; i++) {
    await putPicture(join(root, `JPEGImages/${i}.png`), dataset, i);
    const objects = ((await dataset.get(i)).objects ?? []).map(({ label, box }) => {
      const [x0, y0, x1, y1] = box.map(Math.round) as [number, number, number, number];
      return `<object><name>${label}</name><bndbox><xmin>${x0 + 1}</xmin><ymin>${y0 + 1}</ymin><xmax>${Math.max(x0 + 1, x1)}</xmax><ymax>${Math.max(y0 + 1, y1)}</ymax></bndbox></object>`;
    });
    const xml = `<annotation><filename>${i}.png</filename>${objects.join('')}</annotation>`;
    await put(join(root, `Annotations/${i}.xml`), xml);
  }
  await put(join(root, 'ImageSets/Main/train.txt'), '0\n');
  await put(join(root, 'ImageSets/Main/val.txt'), '1\n');
}

export async function writeYolo(root: string): Promise<void> {
  const dataset = scenes('train', 2);
  for (let i = 0; i < 2; i++) {
    const part = i === 0 ? 'train' : 'val';
    await putPicture(join(root, `images/${part}/${i}.png`), dataset, i);
    await put(join(root, `labels/${part}/${i}.txt`), '0 0.5 0.5 0.25 0.25\n');
  }
  await put(join(root, 'data.yaml'), 'train: images/train\nval: images/val\nnames: [thing, other]\n');
}

export async function writeAde(root: string): Promise<void> {
  for (const [part, split] of [
    ['train', 'training'],
    ['val', 'validation'],
  ] as const) {
    const dataset = scenes(part, 1);
    const { width, height, data } = await (await dataset.get(0)).semantic!();
    await putPicture(join(root, `images/${split}/0.png`), dataset, 0);
    const map = encodePng({ width, height, channels: 1, data: Uint8Array.from(data) });
    await put(join(root, `annotations/${split}/0.png`), map);
    const classes = dataset.semanticLabels!.map((name, id) => ({ id, name }));
    await put(join(root, 'classes.json'), JSON.stringify({ classes, ignore_index: 255 }));
  }
}

export async function writeDepthList(root: string): Promise<void> {
  for (const part of ['train', 'val'] as const) {
    const dataset = scenes(part, 1);
    const { width, height, data } = await (await dataset.get(0)).depth!();
    await putPicture(join(root, `rgb/${part}.png`), dataset, 0);
    const millimetres = Uint16Array.from(data, (metres) => Math.round(1000 * metres));
    await put(join(root, `depth/${part}.png`), encodePng({ width, height, channels: 1, data: millimetres }));
    await put(join(root, `${part}.txt`), `rgb/${part}.png depth/${part}.png\n`);
  }
}

export async function writePanoptic(root: string): Promise<void> {
  const dataset = scenes('train', 1);
  const { ids: map, segments } = await (await dataset.get(0)).panoptic!();
  const labels = dataset.semanticLabels!;
  const rgb = new Uint8Array(3 * map.data.length);
  for (let i = 0; i < map.data.length; i++) rgb.set([map.data[i]! & 255, (map.data[i]! >> 8) & 255, 0], 3 * i);
  await putPicture(join(root, 'images/train/0.png'), dataset, 0);
  const png = encodePng({ width: map.width, height: map.height, channels: 3, data: rgb });
  await put(join(root, 'panoptic_train/0.png'), png);
  const segmentsInfo = segments.map(({ id, label }) => ({ id, category_id: labels.indexOf(label) + 1, iscrowd: 0 }));
  const file = {
    images: [{ id: 0, width: map.width, height: map.height, file_name: '0.png' }],
    annotations: [{ image_id: 0, file_name: '0.png', segments_info: segmentsInfo }],
    categories: labels.map((name, i) => ({ id: i + 1, name, isthing: dataset.thingLabels!.includes(name) ? 1 : 0 })),
  };
  await put(join(root, 'panoptic_train.json'), JSON.stringify(file));
}

export async function writeFolder(root: string): Promise<void> {
  const dataset = scenes('train', 3);
  for (let i = 0; i < 3; i++) await putPicture(join(root, `images/${i}.png`), dataset, i);
  await put(join(root, 'train.txt'), '0.png\n1.png\n');
  await put(join(root, 'val.txt'), '2.png\n');
}
