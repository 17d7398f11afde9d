// A training run to be killed: `tsx run-micro.ts FOLDER BACKEND STEPS`. Prints "writing" and "written" around each write of a
// checkpoint file, "step N" after each step, and at the end "done HASH" over all parameters.
import * as nodeFs from 'node:fs/promises';
import { enableProdMode, setBackend } from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { folderStore, train } from '../../src/train.ts';
import { sha256 } from '../../src/weights/sha256.ts';
import { flatten, microPlan } from './micro.ts';

const [folder, backend, steps] = process.argv.slice(2);
enableProdMode();
if (!(await setBackend(backend!))) throw new Error(`no backend '${backend}'`);

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));
/** Writes in pieces with pauses, so that a kill can fall into the middle of a file. */
const open: typeof nodeFs.open = async (path, flags, mode) => {
  const handle = await nodeFs.open(path, flags, mode);
  handle.writeFile = async (data) => {
    const bytes = data as Uint8Array;
    say('writing');
    for (let at = 0; at < bytes.length; at += 1000) {
      await handle.write(bytes.subarray(at, at + 1000));
      await pause(1);
    }
    say('written');
  };
  return handle;
};
const store = await folderStore(folder!, { ...nodeFs, open });
const plan = microPlan({
  steps: Number(steps),
  average: { decay: 0.99 },
  accumulate: 2,
  checkpoints: { store, everySteps: 3 },
});
for await (const event of train(plan)) if (event.type === 'step') say(`step ${event.step} ${event.loss}`);
say(`done ${await sha256(new Uint8Array((await flatten(plan.parameters)).buffer))}`);
