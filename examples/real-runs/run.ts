/**
 * Runs a recipe of recipes.json through `glid finetune`, from a pre-trained checkpoint or from scratch, and keeps its curve:
 *
 *   npx tsx examples/real-runs/run.ts DATA RECIPE [--from CKPT] [--seed 0] [--steps N] [--test]
 *
 * DATA is the folder that holds the data sets. Build the packages before (`npm run build`). The run, with its report and its pictures, lies
 * in runs/RECIPE-START-seedN; the curve goes to benchmarks/results/finetune. A run that was stopped goes on. `--test` adds the metrics of
 * the test split, once, at the end.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import recipes from './recipes.json' with { type: 'json' };

type Recipe = { readonly [option: string]: unknown } & { readonly data: string; readonly test?: string };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    from: { type: 'string' },
    seed: { type: 'string', default: '0' },
    steps: { type: 'string' },
    test: { type: 'boolean', default: false },
  },
});
const [root, name] = positionals;
const recipe = (recipes as { readonly [name: string]: Recipe })[name ?? ''];
if (!root || !recipe) {
  console.error(`Give the data folder and one of: ${Object.keys(recipes).join(', ')}.`);
  process.exit(2);
}

const { test, ...options } = recipe;
const start = values.from ? 'pretrained' : 'scratch';
const title = `${name}-${start}-seed${values.seed}`;
const run = join('runs', title);
const config = join('runs', `${title}.json`);
const resumes = existsSync(join(run, 'config.json'));
mkdirSync('runs', { recursive: true });
const asked = { seed: Number(values.seed), ...(values.steps ? { steps: Number(values.steps) } : {}) };
const from = values.from ? { from: values.from } : {};
writeFileSync(
  config,
  JSON.stringify({ ...options, data: join(root, recipe.data), ...asked, ...from, backend: 'wasm' }),
);
glid('finetune', '--config', config, '--out', run, ...(resumes ? ['--resume'] : []));

const events = readFileSync(join(run, 'log.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as { readonly type: string; readonly step: number; readonly metrics?: object });
const settings = JSON.parse(readFileSync(join(run, 'config.json'), 'utf8'));
const batchSize: number = settings.options.batchSize;
const onTest =
  values.test && test ? glid('evaluate', '--model', run, '--data', join(root, recipe.data), '--split', test) : null;

const folder = 'benchmarks/results/finetune';
mkdirSync(folder, { recursive: true });
const results = {
  what: `glid-nano fine-tuned to ${name}, ${start === 'scratch' ? 'from scratch' : 'from masked pre-training'}`,
  date: new Date().toISOString().slice(0, 10),
  machine: { cpu: cpus()[0]?.model, cores: availableParallelism(), node: process.version },
  settings: { ...options, ...asked, batchSize, pictures: settings.data.pictures, held: settings.data.held },
  curve: events
    .filter(({ type }) => type === 'evaluation')
    .map(({ step, metrics }) => ({ step, samples: step * batchSize, ...metrics })),
  test: onTest?.metrics ?? null,
};
writeFileSync(join(folder, `${title}.json`), `${JSON.stringify(results, null, 2)}\n`);

/** One verb, as a user would call it; returns what `--json` printed. */
function glid(...args: string[]): { readonly metrics?: unknown } {
  console.log(`$ glid ${args.join(' ')}`);
  const { status, stdout } = spawnSync(process.execPath, ['packages/cli/dist/glid.js', ...args, '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`glid ${args[0]} ended with ${status}.`);
  return JSON.parse(stdout) as { readonly metrics?: unknown };
}
