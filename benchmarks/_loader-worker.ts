/** A loading worker of `loader.ts`. */
import { parentPort, workerData } from 'node:worker_threads';
import { serveBatches } from '@glid/data';
import { cases } from './loader.ts';

const { name, part, of, batchSize } = workerData as { name: string; part: number; of: number; batchSize: number };
const found = (await cases()).find((entry) => entry.name === name);
if (!parentPort || !found) throw new Error(`no case '${name}'`);
serveBatches(parentPort, { ...found.options, batchSize, seed: 1, share: { part, of } });
