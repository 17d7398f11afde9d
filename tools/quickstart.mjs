// `npm run quickstart [-- --images DIR]`: pre-training, four heads, metrics and pictures on drawn scenes, on the CPU, in a few minutes.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join, resolve } from 'node:path';
import { installIfNeeded } from './install-if-needed.mjs';
import { galleriesOf, quickstartReport } from './quickstart-report.mjs';

const begin = Date.now();
const folder = 'quickstart';
const images = userPictures(process.argv.slice(2));
process.chdir(resolve(import.meta.dirname, '..'));
installIfNeeded();
build();
rmSync(folder, { recursive: true, force: true });

const scenes = ['--data', 'synthetic-near', '--labels', 'ball,crate,star', '--size', '64'];
const figures = ['--data', 'synthetic-figures', '--size', '96x72'];
const wasm = ['--backend', 'wasm'];
const commands = [];
const run = (name) => join(folder, name);

const pretraining = glid(
  'pretrain',
  ...scenes,
  ...['--limit', '1024', '--eval-limit', '64', '--steps', '400', '--batch-size', '16', '--checkpoint-every', '400'],
  // Squares of an eighth of the side, as 16 pixels are of 128.
  ...['--unit', '8'],
  ...['--backbone', 'tools/quickstart-backbone.json', '--out', run('pretrain'), ...wasm],
);
glid(
  'finetune',
  ...[
    '--head',
    'detection,segmentation,depth',
    '--head-config',
    '{"segmentation":{"mode":"semantic"},"detection":{"queries":16,"placedQueries":true}}',
  ],
  ...[...scenes, '--limit', '1024', '--eval-limit', '64', '--from', run('pretrain')],
  ...['--steps', '480', '--batch-size', '16', '--learning-rate', '1e-3', '--checkpoint-every', '480'],
  ...['--out', run('scenes'), ...wasm],
);
glid(
  'finetune',
  ...['--head', 'pose', '--head-config', '{"sigma":1,"loss":"crossEntropy"}'],
  ...[...figures, '--limit', '512', '--eval-limit', '64', '--from', run('pretrain')],
  ...['--steps', '200', '--batch-size', '16', '--checkpoint-every', '200', '--out', run('pose'), ...wasm],
);
const metrics = {
  ...glid('evaluate', '--model', run('scenes'), ...scenes, '--limit', '64', ...wasm).metrics,
  ...glid('evaluate', '--model', run('pose'), ...figures, '--limit', '64', ...wasm).metrics,
};
await drawPictures();
glid('predict', '--model', run('scenes'), run('pictures/scenes'), '--out', run('predictions/scenes'), ...wasm);
glid('predict', '--model', run('pose'), run('pictures/figures'), '--out', run('predictions/figures'), ...wasm);
if (images) {
  glid('predict', '--model', run('scenes'), images, '--out', run('predictions/yours'), ...wasm);
  glid('predict', '--model', run('pose'), images, '--out', run('predictions/yours-pose'), ...wasm);
}

const minutes = (Date.now() - begin) / 60000;
const rows = tableRows();
const report = join(folder, 'report.html');
writeFileSync(
  report,
  quickstartReport({
    minutes,
    machine: `${cpus().length} x ${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.versions.node}, ${backendOf('scenes')}`,
    commands,
    rows,
    runs: ['pretrain', 'scenes', 'pose'].map((name) => ({ name, events: eventsOf(name) })),
    galleries: galleriesOf(folder),
  }),
);
console.log(`\n${textTable(rows)}\n`);
console.log(`Done in ${minutes.toFixed(1)} minutes. Look at ${report}`);
console.log(
  `Each run explains itself: ${['pretrain', 'scenes', 'pose'].map((name) => join(run(name), 'report.html')).join(', ')}`,
);

/** Runs one verb as a user would and returns what its --json printed. */
function glid(...args) {
  const shown = `glid ${args.map((arg) => (/[{"]/.test(arg) ? `'${arg}'` : arg)).join(' ')}`;
  console.log(`\n$ ${shown}`);
  commands.push(shown);
  const started = Date.now();
  const { status, stdout } = spawnSync(process.execPath, ['packages/cli/dist/glid.js', ...args, '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) {
    console.error(`\nThe quickstart stopped: 'glid ${args[0]}' failed (exit code ${status}). Its message is above.`);
    process.exit(1);
  }
  console.log(`(${((Date.now() - started) / 1000).toFixed(0)} s)`);
  return JSON.parse(stdout);
}

function build() {
  const packages = ['cli', 'head-detection', 'head-segmentation', 'head-depth', 'head-pose'];
  const filters = packages.map((name) => `--filter=@glid/${name}`);
  const env = { ...process.env, TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1' };
  const args = ['--no-install', 'turbo', 'run', 'build', ...filters, '--output-logs=errors-only'];
  console.log('Building …');
  if (spawnSync('npx', args, { stdio: 'inherit', env }).status === 0) return;
  console.error('The build failed; its message is above.');
  process.exit(1);
}

/** Pictures that no run has seen, as files. */
async function drawPictures() {
  const { syntheticFigures, syntheticScenes } = await import('@glid/data');
  const { encodePng } = await import('@glid/head-kit');
  const sets = {
    scenes: syntheticScenes({
      seed: 77,
      length: 8,
      size: 192,
      labels: ['ball', 'crate', 'star'],
      things: [1, 3],
      distance: [1.9, 3.2],
      colors: 'byLabel',
    }),
    figures: syntheticFigures({ seed: 77, length: 8, size: [256, 192] }),
  };
  for (const [name, dataset] of Object.entries(sets)) {
    mkdirSync(run(`pictures/${name}`), { recursive: true });
    for (let i = 0; i < dataset.length; i++) {
      const { width, height, data } = await (await dataset.get(i)).image();
      const rgba = new Uint8Array(width * height * 4).fill(255);
      for (let p = 0; p < width * height; p++) for (let c = 0; c < 3; c++) rgba[4 * p + c] = data[3 * p + c];
      writeFileSync(join(run(`pictures/${name}`), `${i + 1}.png`), encodePng({ width, height, data: rgba }));
    }
  }
}

/** Metric, after a fifth of the training, in the end: all of them out of the runs' own files. */
function tableRows() {
  const early = (name, metric) => eventsOf(name).find(({ type }) => type === 'evaluation')?.metrics[metric];
  const first = pretraining.evaluations[0].metrics;
  const last = pretraining.evaluations.at(-1).metrics;
  const row = (head, what, from, to) => ({ head, what, early: from, end: to });
  return [
    row('pre-training', 'error on hidden squares (answering each with its mean: 1)', first.loss, last.loss),
    row('detection', 'AP50', early('scenes', 'detection.AP50'), metrics.detection.AP50),
    row('detection', 'AP', early('scenes', 'detection.AP'), metrics.detection.AP),
    row('segmentation', 'mIoU', early('scenes', 'segmentation.mIoU'), metrics.segmentation.mIoU),
    row(
      'segmentation',
      'pixel accuracy',
      early('scenes', 'segmentation.pixelAccuracy'),
      metrics.segmentation.pixelAccuracy,
    ),
    row('depth', 'REL (lower is better)', early('scenes', 'depth.absRel'), metrics.depth.absRel),
    row('depth', 'share within 25 %', early('scenes', 'depth.delta1'), metrics.depth.d1),
    row('pose', 'AP', early('pose', 'pose.AP'), metrics.pose.AP),
    row('pose', 'joints within a tenth of the body', early('pose', 'pose.PCK'), metrics.pose.PCK),
  ];
}

function textTable(rows) {
  const cell = (value) => (typeof value === 'number' ? value.toFixed(3) : '–');
  const lines = [
    ['', '', 'a fifth', 'end'],
    ...rows.map(({ head, what, early, end }) => [head, what, cell(early), cell(end)]),
  ];
  const widths = [0, 1, 2, 3].map((i) => Math.max(...lines.map((line) => line[i].length)));
  return lines
    .map((line) => line.map((text, i) => (i < 2 ? text.padEnd(widths[i]) : text.padStart(widths[i]))).join('  '))
    .join('\n');
}

function eventsOf(name) {
  const lines = readFileSync(join(run(name), 'log.jsonl'), 'utf8')
    .trim()
    .split('\n');
  return lines.map((line) => JSON.parse(line));
}

function backendOf(name) {
  const { backend } = JSON.parse(readFileSync(join(run(name), 'config.json'), 'utf8')).options;
  return `backend ${backend}`;
}

function userPictures(args) {
  if (args.length === 0) return undefined;
  const path = args[0] === '--images' ? args[1] : args[0].startsWith('--images=') ? args[0].slice(9) : undefined;
  if (path === undefined || args.length > 2) {
    console.error('Usage: npm run quickstart [-- --images DIR]');
    process.exit(2);
  }
  const full = resolve(process.env.INIT_CWD ?? process.cwd(), path);
  if (existsSync(full) && statSync(full).isDirectory()) return full;
  console.error(`There is no folder ${path}. Give --images a folder with pictures.`);
  process.exit(2);
}
