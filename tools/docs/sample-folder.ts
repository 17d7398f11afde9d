import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { syntheticFigures, syntheticScenes } from '@glid/data';
import { encodePng } from '@glid/head-kit';

/**
 * What the pages take for granted, small and drawn: pictures by the names that they use, a folder of photos, a data set in COCO's layout.
 * (`sharp` reads a PNG by its contents, whatever the name ends in.)
 */
export async function writeSampleFolder(root: string, folder: string): Promise<void> {
  const scenes = syntheticScenes({ seed: 5, length: 6, size: [64, 64], labels: ['ball', 'crate'] });
  const figure = syntheticFigures({ seed: 5, length: 1, size: [96, 72] });
  const pictures = await Promise.all([0, 1, 2, 3, 4, 5].map(async (i) => png(await (await scenes.get(i)).image())));
  const person = png(await (await figure.get(0)).image());
  const write = (name: string, data: Uint8Array | string): void => {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), data);
  };
  for (const name of ['blood.jpg', 'room.jpg', 'slide.png', 'street.jpg']) write(name, pictures[0]!);
  write('one-person.jpg', person);
  pictures.forEach((picture, i) => {
    for (const set of ['photos', 'pictures']) write(`${set}/${i}.png`, picture);
    if (i < 2) write(`new-photos/${i}.png`, picture);
    for (const split of ['train', 'val']) write(`cells/images/${split}/${i}.png`, picture);
  });
  for (const split of ['train', 'val']) {
    const images = pictures.map((_, i) => ({ id: i + 1, file_name: `${i}.png`, width: 64, height: 64 }));
    const annotations = [];
    for (const { id } of images) {
      for (const { box, label } of (await scenes.get(id - 1)).objects ?? []) {
        const [x0, y0, x1, y1] = box;
        const size = [x1 - x0, y1 - y0] as const;
        annotations.push({
          id: annotations.length + 1,
          image_id: id,
          category_id: label === 'ball' ? 1 : 2,
          bbox: [x0, y0, ...size],
          area: size[0] * size[1],
          iscrowd: 0,
        });
      }
    }
    const categories = ['red cell', 'white cell'].map((name, i) => ({ id: i + 1, name }));
    write(`cells/annotations/instances_${split}.json`, JSON.stringify({ images, annotations, categories }));
    if (split === 'val') {
      write('instances_val.json', JSON.stringify({ images, annotations, categories }));
      write(
        'results.json',
        JSON.stringify(annotations.map(({ id, area, iscrowd, ...rest }) => ({ ...rest, score: 0.9 }))),
      );
    }
  }
  cpSync(join(root, 'tools/quickstart-backbone.json'), join(folder, 'very-small.json'));
}

function png({ width, height, data }: { width: number; height: number; data: ArrayLike<number> }): Uint8Array {
  const rgba = new Uint8Array(width * height * 4).fill(255);
  for (let p = 0; p < width * height; p++) for (let c = 0; c < 3; c++) rgba[4 * p + c] = data[3 * p + c]!;
  return encodePng({ width, height, data: rgba });
}
