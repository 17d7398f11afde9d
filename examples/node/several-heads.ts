/**
 * Several tasks on one pass: encoder and neck, most of the work, run once whatever the number of heads.
 *
 *   npx tsx --conditions=@glid/source examples/node/several-heads.ts [PICTURE]
 *
 * The model is untrained, so look at the times and the types of the answers, not at what they say.
 */
import { wasm } from '@glid/backend-wasm';
import { createModel, headOf, useBackend } from '@glid/core';
import { syntheticScenes } from '@glid/data';
import { depth } from '@glid/head-depth';
import { detection } from '@glid/head-detection';
import { segmentation } from '@glid/head-segmentation';

const labels = ['ball', 'crate', 'star'];
const picture = process.argv[2] ?? (await (await syntheticScenes({ seed: 3, length: 1, size: 128 }).get(0)).image());

await useBackend([wasm()]);
using model = await createModel({
  backbone: 'nano',
  heads: {
    things: headOf(detection, { labels, queries: 25 }),
    regions: headOf(segmentation, {
      mode: 'semantic',
      labels: ['floor', 'wall', 'sky', ...labels],
      matching: 'perClass',
    }),
    depth: headOf(depth, { bins: 32 }),
  },
});

// The keys are yours, and each answer has the type of its head.
const { things, regions, depth: map } = await model.predict(picture);
console.log(
  `${things.detections.length} boxes, ${regions.semantic!.data.length} class numbers, ${map.depth.length} depths`,
);

const together = await median(() => model.predict(picture));
let apart = 0;
for (const key of ['things', 'regions', 'depth'] as const) {
  const alone = await median(() => model.predict(picture, { heads: [key] }));
  console.log(`${key.padEnd(8)} alone ${alone.toFixed(0)} ms`);
  apart += alone;
}
console.log(`one by one ${apart.toFixed(0)} ms, together ${together.toFixed(0)} ms`);

async function median(work: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < 5; round++) {
    const start = performance.now();
    await work();
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[2]!;
}
