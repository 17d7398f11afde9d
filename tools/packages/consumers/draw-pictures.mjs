import { mkdirSync, writeFileSync } from 'node:fs';
import { syntheticScenes } from '@glid/data';
import { encodePng } from '@glid/head-kit';

// A folder a class, with lists of pictures: what a classification head learns from.
const lists = { train: [], val: [] };
for (const label of ['ball', 'crate']) {
  mkdirSync(`pictures/${label}`, { recursive: true });
  const scenes = syntheticScenes({ seed: 3, length: 5, size: 64, labels: [label], things: [1, 3], people: 0 });
  for (let i = 0; i < scenes.length; i++) {
    const { width, height, data } = await (await scenes.get(i)).image();
    const rgba = new Uint8Array(width * height * 4).fill(255);
    for (let p = 0; p < width * height; p++) for (let c = 0; c < 3; c++) rgba[4 * p + c] = data[3 * p + c];
    writeFileSync(`pictures/${label}/${i}.png`, encodePng({ width, height, data: rgba }));
    lists[i < 4 ? 'train' : 'val'].push(`${label}/${i}.png`);
  }
}
for (const [name, lines] of Object.entries(lists)) writeFileSync(`pictures/${name}.txt`, `${lines.join('\n')}\n`);
