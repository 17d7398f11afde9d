/**
 * Starts a model from a part of another one's weights. GLID's point is that the decoder is worth keeping too; others keep the encoder only.
 *
 *   npx tsx --conditions=@glid/source examples/node/partial-loading.ts [CHECKPOINT]
 *
 * CHECKPOINT is what pretrain.ts wrote, `runs/examples/pretrained.json`; without one, fresh weights stand in for it.
 */
import { wasm } from '@glid/backend-wasm';
import { createModel, formatLoadReport, fromBytes, fromFile, headOf, saveWeights, useBackend } from '@glid/core';
import { detection } from '@glid/head-detection';

await useBackend([wasm()]);
const pretrained = process.argv[2] ? fromFile(process.argv[2]) : await freshWeights();

// More and more of the pre-trained network. `queries.cls` is the query from which all queries of a head start (eq. 3).
for (const groups of [['encoder'], ['encoder', 'neck'], ['encoder', 'neck', 'decoder', 'queries.cls']]) {
  using model = await createModel({
    backbone: 'nano',
    heads: { things: headOf(detection, { labels: ['ball', 'crate'], queries: 16 }) },
  });
  const report = await model.load(pretrained, { groups });
  console.log(`\n${groups.join(' + ')}\n${formatLoadReport(report)}`);
}

// Class rows are matched by NAME: a new class starts anew, the others go on from what they know, in any order.
using before = await createModel({
  backbone: 'nano',
  heads: { things: headOf(detection, { labels: ['ball', 'crate'], queries: 16 }) },
});
const saved = await saveWeights(before.parameters, {
  metadata: before.describe(),
  shardBytes: Number.POSITIVE_INFINITY,
});
using after = await createModel({
  backbone: 'nano',
  heads: { things: headOf(detection, { labels: ['star', 'crate', 'ball'], queries: 16 }) },
  seed: 1,
});
const report = await after.load(fromBytes(saved.files[0]!.bytes));
console.log(`\nother labels\n${formatLoadReport(report)}`);

async function freshWeights(): Promise<ReturnType<typeof fromBytes>> {
  using model = await createModel({ backbone: 'nano', pretrain: { unit: 16 }, seed: 7 });
  const { files } = await saveWeights(model.parameters, {
    metadata: model.describe(),
    shardBytes: Number.POSITIVE_INFINITY,
  });
  return fromBytes(files[0]!.bytes);
}
