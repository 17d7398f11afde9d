/**
 * How long COCO evaluation takes and how much memory it needs.
 * Run: npx tsx --conditions=@glid/source benchmarks/evaluation.ts
 * Real data: the 100-picture case beside the checkout, where it is there. Synthetic: 80 classes, 7.2 objects and 100 detections a picture.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CocoSample, CocoTask } from '@glid/base';
import {
  compressRle,
  createCocoEvaluator,
  evaluateCocoResults,
  maskFromPolygons,
  parseCocoGroundTruth,
  parseCocoResults,
  Random,
} from '@glid/base';
import { hasShared, sharedPath } from '@glid/test-utils';

const here = dirname(fileURLToPath(import.meta.url));
const rounded = (value: number): number => Number(value.toPrecision(4));

/** Wall-clock seconds, and processor seconds of this process, which a busy machine stretches less. */
interface Seconds {
  readonly wall: number;
  readonly cpu: number;
}

class Stopwatch {
  #wall = 0;
  #cpu = 0;

  time<T>(work: () => T): T {
    const cpu = process.cpuUsage();
    const start = performance.now();
    const result = work();
    this.#wall += (performance.now() - start) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    this.#cpu += (user + system) / 1e6;
    return result;
  }

  seconds(): Seconds {
    return { wall: rounded(this.#wall), cpu: rounded(this.#cpu) };
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

interface RealResult {
  readonly case: string;
  /** Reading and checking the files. */
  readonly read: Seconds;
  /** Matching and counting. */
  readonly evaluate: Seconds;
  /** Wall-clock seconds of both, once more: median of five. */
  readonly againSeconds: number;
  readonly AP: number;
}

/** One file pair: the first time in a fresh process, and the median of five more. */
function realCase(task: 'bbox' | 'segm'): RealResult {
  const folder = sharedPath('data', 'metrics', `val2014_100_${task}`);
  const [gt, dt] = ['gt.json', 'dt.json'].map((name) => readFileSync(join(folder, name), 'utf8')) as [string, string];
  const run = (): { read: Seconds; evaluate: Seconds; AP: number } => {
    const [reading, evaluating] = [new Stopwatch(), new Stopwatch()];
    const { groundTruth, results } = reading.time(() => {
      const groundTruth = parseCocoGroundTruth(JSON.parse(gt), 'gt.json');
      return { groundTruth, results: parseCocoResults(JSON.parse(dt), groundTruth, 'dt.json') };
    });
    const { stats } = evaluating.time(() => evaluateCocoResults(groundTruth, results, { task }));
    return { read: reading.seconds(), evaluate: evaluating.seconds(), AP: stats.AP! };
  };
  const first = run();
  const again = Array.from({ length: 5 }, run).map(({ read, evaluate }) => read.wall + evaluate.wall);
  return { case: `100 pictures of COCO val2014, ${task}`, ...first, againSeconds: rounded(median(again)) };
}

/** A picture with 7.2 objects on average; half of the detections lie near one of them. */
function syntheticPicture(imageId: number, task: CocoTask): CocoSample {
  const [width, height] = [640, 480];
  const random = Random.derive(1, imageId);
  const anyBox = (): [number, number, number, number] => {
    const [w, h] = [8 + random.uniform() ** 2 * 400, 8 + random.uniform() ** 2 * 300];
    return [random.uniform(0, width - w), random.uniform(0, height - h), w, h];
  };
  const shape = (bbox: [number, number, number, number]) => {
    if (task === 'bbox') return { bbox };
    const [x, y, w, h] = bbox;
    const outline = Array.from({ length: 24 }, (_, i) => {
      const [angle, radius] = [(i / 24) * 2 * Math.PI, random.uniform(0.35, 0.5)];
      return [x + w * (0.5 + radius * Math.cos(angle)), y + h * (0.5 + radius * Math.sin(angle))];
    }).flat();
    return { bbox, segmentation: compressRle(maskFromPolygons([outline], [height, width])) };
  };
  const truths = Array.from({ length: 4 + random.integer(7) + (random.boolean(0.2) ? 1 : 0) }, () => ({
    categoryId: 1 + random.integer(80),
    crowd: random.boolean(0.01),
    ...shape(anyBox()),
  }));
  const detections = Array.from({ length: 100 }, (_, i) => {
    if (i >= 50) return { categoryId: 1 + random.integer(80), score: random.uniform(0, 0.5), ...shape(anyBox()) };
    const { categoryId, bbox } = truths[random.integer(truths.length)]!;
    const moved = bbox.map((value, k) => Math.max(value + bbox[2 + (k % 2)]! * random.normal(0, 0.08), k < 2 ? 0 : 4));
    return { categoryId, score: random.uniform(), ...shape(moved as [number, number, number, number]) };
  });
  return { imageId, size: [height, width], truths, detections };
}

interface SyntheticResult {
  readonly case: string;
  readonly images: number;
  readonly truths: number;
  readonly detections: number;
  /** Only the evaluator's own time; making up the pictures is not in it. */
  readonly update: Seconds;
  readonly compute: Seconds;
  /** What the evaluator holds after the last picture. */
  readonly heldMiB: number;
  /** The whole process at its largest, as the system counts it. */
  readonly peakProcessMiB: number;
  readonly AP: number;
}

function syntheticCase(task: CocoTask, images: number): SyntheticResult {
  const categories = Array.from({ length: 80 }, (_, i) => ({ id: i + 1 }));
  const evaluator = createCocoEvaluator({ task, categories });
  const held = (): number => {
    globalThis.gc?.();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  const before = held();
  const [updating, computing] = [new Stopwatch(), new Stopwatch()];
  let [truths, detections] = [0, 0];
  for (let image = 0; image < images; image++) {
    const sample = syntheticPicture(image, task);
    truths += sample.truths.length;
    detections += sample.detections.length;
    updating.time(() => evaluator.update(sample));
  }
  const after = held();
  const { stats } = computing.time(() => evaluator.compute());
  return {
    case: `synthetic ${task}`,
    images,
    truths,
    detections,
    update: updating.seconds(),
    compute: computing.seconds(),
    heldMiB: rounded((after - before) / 2 ** 20),
    peakProcessMiB: rounded(process.resourceUsage().maxRSS / 1024),
    AP: stats.AP!,
  };
}

const [mode, task, images] = process.argv.slice(2);
if (mode === 'synthetic') {
  console.log(JSON.stringify(syntheticCase(task as CocoTask, Number(images))));
} else if (mode === 'real') {
  console.log(JSON.stringify(realCase(task as 'bbox' | 'segm')));
} else {
  // A process for each case, so that none profits from the others' compiled code or suffers from their memory.
  const run = <T>(...args: string[]): T => {
    const argv = ['--expose-gc', ...process.execArgv, fileURLToPath(import.meta.url), ...args];
    const child = spawnSync(process.execPath, argv, { encoding: 'utf8', maxBuffer: 2 ** 26 });
    if (child.status !== 0) throw new Error(child.stderr);
    const result = JSON.parse(child.stdout) as T;
    console.log(JSON.stringify(result));
    return result;
  };
  if (!hasShared) console.log('The real data are absent; only synthetic cases are measured.');
  const result = {
    measured: new Date().toISOString().slice(0, 10),
    machine: {
      cpu: cpus()[0]!.model,
      cores: cpus().length,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      node: process.version,
    },
    real: hasShared ? (['bbox', 'segm'] as const).map((name) => run<RealResult>('real', name)) : [],
    synthetic: (['bbox', 'segm'] as const).flatMap((name) =>
      [1250, 2500, 5000].map((count) => run<SyntheticResult>('synthetic', name, String(count))),
    ),
  };
  mkdirSync(join(here, 'results'), { recursive: true });
  writeFileSync(join(here, 'results', 'evaluation.json'), `${JSON.stringify(result, null, 2)}\n`);
}
