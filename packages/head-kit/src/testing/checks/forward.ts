import { Random } from '@glid/base';
import { dispose, type Tensor, tidy } from '@tensorflow/tfjs-core';
import type { AnyHead } from '../../spec/head.ts';
import { type CheckDefinition, type CheckSubject, must } from '../check.ts';
import { mustAgree, mustBeClose, mustBeFinite } from '../compare.ts';
import {
  buildHead,
  contextOf,
  forward,
  hostParameters,
  inputsOf,
  makeScene,
  mustNotLeak,
  pick,
  readAll,
  type Scene,
  toTensors,
  totalLoss,
} from '../scene.ts';
import { padded } from '../target-changes.ts';

async function outputs(subject: CheckSubject, head: AnyHead, scene: Scene): ReturnType<typeof readAll> {
  return readAll(forward(head, toTensors(head, hostParameters(head)), inputsOf(subject, head, scene)));
}

export const forwardChecks: readonly CheckDefinition[] = [
  {
    number: 6,
    id: 'forward/finite-and-clean',
    title: 'outputs are finite and batch-first; nothing leaks',
    async run(subject) {
      const head = buildHead(subject);
      const parameters = toTensors(head, hostParameters(head));
      const scene = makeScene(subject, head);
      const inputs = inputsOf(subject, head, scene);
      const raw = await readAll(forward(head, parameters, inputs));
      must(Object.keys(raw).length > 0, 'doForward returns no tensors.');
      for (const [name, { data, shape }] of Object.entries(raw)) {
        must(
          shape[0] === scene.batch,
          `Output ${name} [${shape.join(', ')}] does not start with the batch of ${scene.batch}.`,
        );
        mustBeFinite(data, `output ${name}`);
      }
      await mustNotLeak('doForward', async () => Object.keys(forward(head, parameters, inputs)).length);
      const alive = [...Object.values(parameters), ...inputs.queries, inputs.pixels];
      must(
        alive.every((t) => !t.isDisposed),
        'doForward disposes parameters or inputs.',
      );
    },
  },
  {
    number: 7,
    id: 'forward/batch-independence',
    title: 'a picture does not influence the others of its batch',
    async run(subject) {
      const head = buildHead(subject);
      const scene = makeScene(subject, head);
      const both = await outputs(subject, head, scene);
      for (const b of [0, 1]) {
        for (const [name, alone] of Object.entries(await outputs(subject, head, pick(scene, [b])))) {
          const n = alone.data.length;
          mustBeClose(
            both[name]!.data.subarray(b * n, (b + 1) * n),
            alone.data,
            1e-4,
            `output ${name} of picture ${b} in a batch`,
          );
        }
      }
    },
  },
  {
    number: 8,
    id: 'forward/deterministic',
    title: 'the same input gives the same output, and stays as it was',
    async run(subject) {
      const head = buildHead(subject);
      const parameters = toTensors(head, hostParameters(head));
      const scene = makeScene(subject, head);
      const inputs = inputsOf(subject, head, scene);
      const first = await readAll(forward(head, parameters, inputs));
      mustAgree(await readAll(forward(head, parameters, inputs)), first, 0, 'the second run');
      mustBeClose(await inputs.pixels.data(), scene.pixels, 0, 'the input pixels after the run');
      mustBeClose(await inputs.queries.at(-1)!.data(), scene.queries.at(-1)!, 0, 'the input queries after the run');
    },
  },
  {
    number: 9,
    id: 'forward/any-size',
    title: 'odd picture sizes and batches of 1 and 3 work',
    async run(subject) {
      const head = buildHead(subject);
      for (const [batch, size] of [
        [1, [36, 52]],
        [3, [20, 28]],
      ] as const) {
        const scene = makeScene(subject, head, batch, size);
        for (const [name, { data, shape }] of Object.entries(await outputs(subject, head, scene))) {
          must(shape[0] === batch, `Output ${name} of a batch of ${batch} starts with ${shape[0]}.`);
          mustBeFinite(data, `output ${name} at ${size.join(' x ')}`);
        }
        const loss = await totalLoss(subject, head, hostParameters(head), scene);
        must(Number.isFinite(loss), `The loss of ${batch} pictures of ${size.join(' x ')} is ${loss}.`);
      }
    },
  },
  {
    number: 10,
    id: 'forward/any-scope',
    title: 'runs inside tidy, again, and outside, with the same numbers',
    async run(subject) {
      const head = buildHead(subject);
      const parameters = toTensors(head, hostParameters(head));
      const inputs = inputsOf(subject, head, makeScene(subject, head));
      const run = (): { [name: string]: Tensor } => head.doForward(parameters, inputs) as { [name: string]: Tensor };
      const first = tidy(run);
      const expected = await readAll(first);
      dispose(first);
      mustAgree(await readAll(tidy(run)), expected, 1e-6, 'the second tidy');
      mustAgree(await readAll(run()), expected, 1e-6, 'outside tidy');
    },
  },
  {
    number: 11,
    id: 'forward/padding-invariance',
    title: 'what lies in the padding changes neither result nor loss',
    notFor: ({ options }) => reasonOf(options.capabilities?.padding),
    async run(subject) {
      const head = buildHead(subject);
      const host = hostParameters(head);
      const alone = makeScene(subject, head, 1);
      const expected = await resultOf(subject, head, host, alone, null);
      const losses: number[] = [];
      for (const noise of [1, 2]) {
        const { scene, mask } = pad(subject, head, alone, [48, 64], noise);
        const result = await resultOf(subject, head, host, scene, mask);
        mustAgree(result, expected, 1e-3, `the result with padding of kind ${noise}`);
        losses.push(await totalLoss(subject, head, host, scene, mask));
      }
      mustBeClose([losses[1]!], [losses[0]!], 1e-4, 'the loss with other padding');
    },
  },
];

export function reasonOf(capability: true | string | undefined): string | null {
  return typeof capability === 'string' ? capability : null;
}

async function resultOf(
  subject: CheckSubject,
  head: AnyHead,
  host: ReturnType<typeof hostParameters>,
  scene: Scene,
  mask: Float32Array | null,
): Promise<unknown> {
  const raw = forward(head, toTensors(head, host), inputsOf(subject, head, scene, mask));
  return (await head.doPostprocess(raw, scene.metas, subject.fixture.options))[0];
}

/** One picture at the left top of a larger input; the padded cells hold loud noise. */
function pad(
  subject: CheckSubject,
  head: AnyHead,
  scene: Scene,
  size: readonly [number, number],
  kind: number,
): { scene: Scene; mask: Float32Array } {
  const width = contextOf(subject).hiddenSize;
  const [h, w] = scene.size.map((n) => n / 4) as [number, number];
  const [rows, columns] = size.map((n) => n / 4) as [number, number];
  const random = new Random(kind);
  const pixels = Float32Array.from({ length: rows * columns * width }, () => random.normal(0, 5 * kind));
  const mask = new Float32Array(rows * columns);
  for (let y = 0; y < h; y++) {
    pixels.set(scene.pixels.subarray(y * w * width, (y + 1) * w * width), y * columns * width);
    mask.fill(1, y * columns, y * columns + w);
  }
  return {
    mask,
    scene: {
      ...scene,
      size,
      pixels,
      targets: scene.targets.map((target) => padded(head.targetFields, target, size)),
      metas: scene.metas.map((meta) => ({ ...meta, inputSize: size })),
    },
  };
}
