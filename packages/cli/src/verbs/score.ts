import type { Command, OptionValues } from '../command.ts';
import { readCategories } from '../score/categories.ts';
import { scoreCoco } from '../score/score-coco.ts';
import { scoreDepth } from '../score/score-depth.ts';
import { scorePanoptic } from '../score/score-panoptic.ts';
import { scoreSemantic } from '../score/score-semantic.ts';
import { table } from '../table.ts';
import { usageError } from '../usage-error.ts';

const tasks = ['bbox', 'segm', 'keypoints', 'panoptic', 'semantic', 'depth'] as const;
type Task = (typeof tasks)[number];

/** What only some tasks look at. */
const ownOptions: Readonly<Record<string, readonly Task[]>> = {
  categories: ['bbox', 'segm', 'keypoints', 'panoptic', 'semantic'],
  sigmas: ['keypoints'],
  ignore: ['semantic'],
  depthUnit: ['depth'],
  minDepth: ['depth'],
  maxDepth: ['depth'],
  eigenCrop: ['depth'],
};

export const score: Command = {
  name: 'score',
  summary: 'The official metrics of result files that any system made.',
  usage: 'glid score --task TASK --gt PATH --dt PATH [--categories PATH] [--json]',
  options: {
    task: { kind: 'string', placeholder: 'TASK', help: 'what is compared', choices: tasks, required: true },
    gt: {
      kind: 'string',
      placeholder: 'PATH',
      help: 'ground truth: COCO JSON; COCO panoptic JSON with its PNG folder; folder of label or depth PNGs',
      required: true,
    },
    dt: {
      kind: 'string',
      placeholder: 'PATH',
      help: 'results: COCO results JSON; COCO panoptic JSON with its PNG folder; folder of PNGs named as in --gt',
      required: true,
    },
    categories: { kind: 'string', placeholder: 'PATH', help: 'JSON list of categories, in place of those in --gt' },
    sigmas: { kind: 'list', placeholder: 'S,S,…', help: 'keypoints: OKS fall-off of each joint' },
    ignore: { kind: 'list', placeholder: 'N,N,…', help: 'semantic: more ground-truth values that mean "no class"' },
    depthUnit: { kind: 'number', placeholder: 'M', help: 'depth: metres a grey level (default 0.001)' },
    minDepth: { kind: 'number', placeholder: 'M', help: 'depth: ground truth counts above this (default 0.001)' },
    maxDepth: { kind: 'number', placeholder: 'M', help: 'depth: ground truth counts below this (default 10)' },
    eigenCrop: { kind: 'boolean', help: "depth: only the Eigen crop of NYU's 480 x 640 maps" },
  },
  positionals: [],
  async run({ options, output, signal }) {
    const task = options.task as Task;
    const stray = Object.keys(ownOptions).find(
      (name) => options[name] !== undefined && !ownOptions[name]!.includes(task),
    );
    if (stray) {
      const flag = `--${stray.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
      throw usageError(`${flag} means nothing for task '${task}'.`, 'Leave it out.');
    }
    const metrics = await compute(task, options, {
      warn: output.warn,
      onProgress: (done, total) => output.progress(done, total, 'pictures'),
      signal,
    });
    output.line(
      table(Object.entries(metrics).map(([name, value]) => [name, Number.isNaN(value) ? '–' : value.toFixed(4)])),
    );
    return { task, metrics };
  },
};

async function compute(
  task: Task,
  options: OptionValues,
  running: { warn: (text: string) => void; onProgress: (done: number, total: number) => void; signal: AbortSignal },
): Promise<Record<string, number>> {
  const paths = { truth: options.gt as string, results: options.dt as string };
  const categories = options.categories === undefined ? undefined : await readCategories(options.categories as string);
  switch (task) {
    case 'panoptic':
      return scorePanoptic({ ...paths, categories, ...running });
    case 'semantic':
      return scoreSemantic({ ...paths, categories, ignore: numbers(options, 'ignore'), ...running });
    case 'depth':
      return scoreDepth({
        ...paths,
        unit: (options.depthUnit as number | undefined) ?? 0.001,
        minDepth: (options.minDepth as number | undefined) ?? 1e-3,
        maxDepth: (options.maxDepth as number | undefined) ?? 10,
        eigenCrop: options.eigenCrop === true,
        ...running,
      });
    default:
      return scoreCoco({ task, ...paths, categories, sigmas: numbers(options, 'sigmas') });
  }
}

function numbers(options: OptionValues, name: string): readonly number[] | undefined {
  const list = options[name] as readonly (string | number)[] | undefined;
  const values = list?.map(Number);
  if (values && !values.every(Number.isFinite)) throw usageError(`--${name} is '${list!.join(',')}'.`, 'Give numbers.');
  return values;
}
