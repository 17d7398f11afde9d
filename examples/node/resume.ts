/**
 * A run that is stopped and goes on ends with the same bits as one that was left alone.
 *
 *   npx tsx --conditions=@glid/source examples/node/resume.ts [STEPS]
 *
 * Here the stop is an AbortSignal; Ctrl-C in your own program, a full disk or `kill -9` are no different: the last whole checkpoint counts.
 */
import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { wasm } from '@glid/backend-wasm';
import { createModel, headOf, useBackend } from '@glid/core';
import { finetune, folderStore } from '@glid/core/train';
import { batchSource, keepInMemory, presets, syntheticScenes } from '@glid/data';
import { depth } from '@glid/head-depth';

const steps = Number(process.argv[2] ?? 6);
const size = [64, 64] as const;
const dataset = keepInMemory(syntheticScenes({ seed: 1, length: 16, size }));

/** Trains in `folder`, from its newest checkpoint if it has one, and returns a digest of all weights. */
async function run(folder: string, stopAfter = Number.POSITIVE_INFINITY): Promise<string> {
  using model = await createModel({ backbone: 'nano', heads: { depth: headOf(depth, { bins: 16 }) } });
  const stop = new AbortController();
  const pipeline = presets.small.depth.train({ size });
  for await (const event of finetune({
    model,
    steps,
    data: batchSource({ dataset, sources: model.heads, pipeline, batchSize: 4, seed: 1 }),
    optimizer: { learningRate: 1e-3, schedule: { kind: 'cosine', warmUp: { steps: 2 } } },
    checkpoints: { store: await folderStore(folder), everySteps: steps },
    signal: stop.signal,
  })) {
    if (event.type === 'started' && event.resumedFrom) console.log(`goes on from ${event.resumedFrom}`);
    if (event.type === 'step') console.log(`step ${event.step}: loss ${event.loss.toFixed(6)}`);
    if (event.type === 'step' && event.step === stopAfter) stop.abort();
    if (event.type === 'aborted') console.log(`stopped after step ${event.step}`);
  }
  const hash = createHash('sha256');
  for (const name of Object.keys(model.parameters).sort()) hash.update(await model.parameters[name]!.data());
  return hash.digest('hex').slice(0, 16);
}

await useBackend([wasm()]);
await rm('runs/examples/resume', { recursive: true, force: true });
console.log('undisturbed');
const whole = await run('runs/examples/resume/whole');
console.log('\nstopped half-way');
await run('runs/examples/resume/halves', Math.ceil(steps / 2));
const halves = await run('runs/examples/resume/halves');
console.log(`\nSHA-256 of the weights begins with\n${whole} undisturbed\n${halves} stopped and resumed`);
if (whole !== halves) throw new Error('The two runs differ.');
