/**
 * What depth metrics say of an answer that never looks: the median distance of all training pixels, everywhere.
 *
 *   npx tsx --conditions=@glid/source examples/real-runs/depth-baseline.ts NYU
 *
 * NYU is a folder with `train.txt` and `val.txt`. What the trained model says of the same pictures: `glid evaluate --model RUN --data NYU --split train`.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readDepthList } from '@glid/data';
import { createDepthEvaluator } from '@glid/head-kit';

const folder = process.argv[2];
if (!folder || !existsSync(join(folder, 'train.txt'))) {
  console.error('Give the folder that holds train.txt and val.txt.');
  process.exit(2);
}
const range = { minDepth: 0.001, maxDepth: 10 };
/** Depth maps in thousandths of a metre have few values: counted, not sorted. */
const counts = new Uint32Array(range.maxDepth * 1000 + 1);

const train = await readDepthList(folder, { list: 'train.txt' });
for (let i = 0; i < train.length; i++) {
  for (const metres of (await (await train.get(i)).depth!()).data) {
    if (metres > range.minDepth && metres <= range.maxDepth) counts[Math.round(metres * 1000)]!++;
  }
}
const half = counts.reduce((sum, count) => sum + count, 0) / 2;
let below = 0;
let median = 0;
while (below + counts[median]! < half) below += counts[median++]!;
median /= 1000;
console.log(`median ${median} m`);

for (const list of ['train.txt', 'val.txt']) {
  const dataset = await readDepthList(folder, { list });
  const evaluator = createDepthEvaluator(range);
  for (let i = 0; i < dataset.length; i++) {
    const record = await dataset.get(i);
    const { width, height, data } = await record.depth!();
    const prediction = new Float32Array(data.length).fill(median);
    evaluator.update([{ imageId: record.id, size: [height, width], truth: data, prediction }]);
  }
  const { absRel, rmse, delta1 } = evaluator.compute().mean;
  console.log(list, { pictures: dataset.length, absRel, rmse, delta1 });
}
