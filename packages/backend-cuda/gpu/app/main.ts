// What runs on the machine with the GPU. `node app.mjs [step or stage …]` does the steps that are named, or all.
// `node app.mjs --step <step>` is one of its processes: it writes what it finds to $GLID_GPU_OUT/<step>.json.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runOne } from './run-one.ts';
import { type Pack, runSteps } from './run-steps.ts';
import { chosen } from './steps.ts';

const app = fileURLToPath(import.meta.url);
const folder = dirname(app);
const out = process.env.GLID_GPU_OUT ?? join(process.cwd(), 'results');
const pack = JSON.parse(readFileSync(join(folder, 'pack.json'), 'utf8')) as Pack;
const [first, ...rest] = process.argv.slice(2);

if (first === '--step') {
  await runOne(rest[0]!, { folder, out, size: pack.size });
} else {
  try {
    const names = chosen(process.argv.slice(2));
    process.exit(await runSteps(names, { app, out, pack }));
  } catch (error) {
    console.error((error as Error).message);
    process.exit(2);
  }
}
