/**
 * Makes the file that @glid/weights-nano publishes: the last model of a pre-training run, stored as float16, with what it was trained on.
 *
 *   npx tsx --conditions=@glid/source examples/real-runs/publish.ts runs/pretrain-nano/checkpoints/step-000000800/model.safetensors
 *
 * The run must have left out pictures whose licence does not allow it (`--only caltech101_`): its record says so, and is checked.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { wasm } from '@glid/backend-wasm';
import { createModel, fromFile, saveWeights, useBackend } from '@glid/core';

const checkpoint = process.argv[2];
if (!checkpoint) {
  console.error('Give the model of the last checkpoint.');
  process.exit(2);
}
const file = 'packages/weights-nano/model.safetensors';
const record = JSON.parse(await readFile('benchmarks/results/pretrain-nano.json', 'utf8'));
const { settings, curve } = record;
if (settings.only !== 'caltech101_') throw new Error('Only a run on Caltech-101 alone may be published.');

await useBackend([wasm()]);
const weights = fromFile(checkpoint);
using model = await createModel({ backbone: 'nano', pretrain: { unit: settings.unit }, weights });
const { files } = await saveWeights(model.parameters, {
  name: 'model',
  dtype: 'f16',
  shardBytes: Number.POSITIVE_INFINITY,
  metadata: model.describe({
    data: 'Caltech-101 (Li, Andreeto, Ranzato, Perona; CC BY 4.0), pictures alone, no labels',
    pictures: settings.trainPictures,
    samples: settings.steps * settings.batchSize,
    pixels: settings.pixels,
    maskUnit: settings.unit,
    maskRatio: settings.ratio,
    validationLoss: curve.at(-1).loss,
    licence: 'Apache-2.0',
  }),
});
await writeFile(file, files[0]!.bytes);
console.log(`${file}: ${(files[0]!.bytes.length / 2 ** 20).toFixed(1)} MiB`);
