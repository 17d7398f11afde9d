import { Random } from '@glid/base';
import { type Tensor, type Tensor3D, type Tensor4D, tensor, type Variable, variable } from '@tensorflow/tfjs-core';
import type { AnyHead, HeadInputs } from '../../spec/head.ts';
import { type CheckDefinition, type CheckSubject, must } from '../check.ts';
import { mustBeClose, mustBeFinite, scaleOf } from '../compare.ts';
import {
  assign,
  buildHead,
  forward,
  gradientsOf,
  hostParameters,
  inputsOf,
  lossOf,
  makeScene,
  pick,
  type Scene,
  toTensors,
  totalLoss,
  toVariables,
} from '../scene.ts';
import { emptied } from '../target-changes.ts';

/** Loss and gradients of a scene, the assignment included. */
async function learn(subject: CheckSubject, head: AnyHead, scene: Scene): ReturnType<typeof gradientsOf> {
  const variables = toVariables(head, hostParameters(head));
  const build = (): HeadInputs => inputsOf(subject, head, scene);
  const assignment = await assign(head, forward(head, variables, build()), scene);
  return gradientsOf(head, scene, variables, build, assignment);
}

export const lossChecks: readonly CheckDefinition[] = [
  {
    number: 12,
    id: 'loss/every-parameter-learns',
    title: 'the loss is finite and every declared parameter gets a gradient',
    async run(subject) {
      const head = buildHead(subject);
      const { loss, gradients } = await learn(subject, head, makeScene(subject, head));
      must(Number.isFinite(loss), `The loss is ${loss}.`);
      for (const [name, gradient] of Object.entries(gradients)) {
        must(gradient !== null, `Parameter ${name} is not connected to the loss.`);
        mustBeFinite(gradient, `gradient of ${name}`);
        must(scaleOf(gradient) > 0, `Parameter ${name} has a gradient of zeros: nothing that it does is judged.`);
      }
    },
  },
  {
    number: 13,
    id: 'loss/empty-targets',
    title: 'pictures without targets give a finite loss and finite gradients',
    async run(subject) {
      const head = buildHead(subject);
      const full = makeScene(subject, head);
      const empty = (from: readonly number[]): Scene => ({
        ...full,
        targets: full.targets.map((target, b) => (from.includes(b) ? emptied(head.targetFields, target) : target)),
      });
      for (const [scene, what] of [
        [empty([0, 1]), 'when no picture has targets'],
        [empty([1]), 'when one of two pictures has targets'],
      ] as const) {
        const { loss, gradients } = await learn(subject, head, scene);
        must(Number.isFinite(loss), `The loss is ${loss} ${what}.`);
        for (const [name, gradient] of Object.entries(gradients)) {
          if (gradient) mustBeFinite(gradient, `gradient of ${name} ${what}`);
        }
      }
    },
  },
  {
    number: 14,
    id: 'loss/finite-differences',
    title: 'gradients equal finite differences at 5 random coordinates',
    async run(subject) {
      const head = buildHead(subject);
      const scene = makeScene(subject, head);
      const host = hostParameters(head);
      const variables = toVariables(head, host);
      const build = (): HeadInputs => inputsOf(subject, head, scene);
      const assignment = await assign(head, forward(head, variables, build()), scene);
      const { gradients } = await gradientsOf(head, scene, variables, build, assignment);
      const random = new Random(14);
      const names = Object.keys(host);
      for (let k = 0; k < 5; k++) {
        const name = names[random.integer(names.length)]!;
        const gradient = gradients[name];
        must(gradient != null, `Parameter ${name} is not connected to the loss.`);
        const at = steepOf(gradient, random);
        const moved = async (step: number): Promise<number> => {
          const values = Float32Array.from(host[name]!);
          values[at] = values[at]! + step;
          const tensors = toTensors(head, { ...host, [name]: values });
          const { total } = lossOf(head, forward(head, tensors, build()), scene, assignment);
          return (await total.data())[0]!;
        };
        await mustBeSlope(moved, gradient[at]!, `${name}[${at}]`);
      }
    },
  },
  {
    number: 15,
    id: 'loss/overfits',
    title: 'training on one picture lowers the loss',
    async run(subject) {
      const { steps = 30, learningRate = 0.05, factor = 0.7 } = subject.fixture.overfit ?? {};
      const head = buildHead(subject);
      const scene = makeScene(subject, head, 1);
      const first = inputsOf(subject, head, scene);
      const variables: { [name: string]: Variable } = {
        ...toVariables(head, hostParameters(head)),
        '/pixels': variable(first.pixels),
      };
      first.queries.forEach((q, k) => {
        variables[`/queries.${k}`] = variable(q);
      });
      const build = (): HeadInputs => ({
        ...first,
        pixels: variables['/pixels'] as unknown as Tensor4D,
        queries: first.queries.map((_, k) => variables[`/queries.${k}`] as unknown as Tensor3D),
      });
      const adam = new Adam(learningRate);
      let start = Number.NaN;
      let end = Number.NaN;
      for (let step = 0; step <= steps; step++) {
        const assignment = await assign(head, forward(head, variables, build()), scene);
        const { loss, gradients } = await gradientsOf(head, scene, variables, build, assignment);
        if (step === 0) start = loss;
        end = loss;
        for (const [name, gradient] of Object.entries(gradients)) {
          if (gradient) await adam.step(name, variables[name]!, gradient, step + 1);
        }
      }
      must(
        end <= start - (1 - factor) * Math.abs(start),
        `The loss went from ${start} to ${end} in ${steps} steps; at most ${factor} of its start was asked.`,
      );
    },
  },
  {
    number: 16,
    id: 'loss/terms-sum',
    title: 'the named terms add up to the total',
    async run(subject) {
      const head = buildHead(subject);
      const scene = makeScene(subject, head);
      const raw = forward(head, toTensors(head, hostParameters(head)), inputsOf(subject, head, scene));
      const { total, terms } = lossOf(head, raw, scene, await assign(head, raw, scene));
      must(Object.keys(terms).length > 0, 'The loss names no terms.');
      let sum = 0;
      for (const [name, term] of Object.entries(terms)) {
        const value = (await term.data())[0]!;
        must(Number.isFinite(value), `Term ${name} is ${value}.`);
        sum += value;
      }
      mustBeClose(await total.data(), [sum], 1e-4, 'the total against the sum of its terms');
    },
  },
  {
    number: 17,
    id: 'loss/batch-of-equals',
    title: 'a batch of equal pictures has the loss of one',
    async run(subject) {
      const head = buildHead(subject);
      const host = hostParameters(head);
      const spread = subject.fixture.lossSpread ?? 1e-3;
      must(spread < 0.5, 'A lossSpread of 0.5 or more would hide a sum over the batch.');
      const scene = makeScene(subject, head);
      const [a, b] = [
        await totalLoss(subject, head, host, pick(scene, [0])),
        await totalLoss(subject, head, host, pick(scene, [1])),
      ];
      mustBeClose(
        [await totalLoss(subject, head, host, pick(scene, [0, 0, 0]))],
        [a],
        spread,
        'the loss of three equal pictures',
      );
      if (subject.fixture.normaliser !== 'pictures') return;
      mustBeClose([await totalLoss(subject, head, host, scene)], [(a + b) / 2], spread, 'the loss of two pictures');
    },
  },
];

/** Of a few random places the steepest: a slope that is not lost in rounding. */
function steepOf(gradient: Float32Array, random: Random): number {
  let best = random.integer(gradient.length);
  for (let k = 0; k < 7; k++) {
    const other = random.integer(gradient.length);
    if (Math.abs(gradient[other]!) > Math.abs(gradient[best]!)) best = other;
  }
  return best;
}

/** Central differences at several steps: one of them must agree, since a kink may lie within reach of the others. */
async function mustBeSlope(moved: (step: number) => Promise<number>, gradient: number, where: string): Promise<void> {
  const slopes: number[] = [];
  for (const step of [3e-2, 1e-2, 3e-3]) {
    const [up, down] = [await moved(step), await moved(-step)];
    const slope = (up - down) / (2 * step);
    slopes.push(slope);
    const rounding = (4e-7 * Math.max(Math.abs(up), Math.abs(down))) / step;
    if (Math.abs(slope - gradient) <= 0.03 * Math.max(Math.abs(gradient), Math.abs(slope)) + rounding) return;
  }
  must(false, `The gradient at ${where} is ${gradient}, finite differences give ${slopes.join(', ')}.`);
}

/** Kingma & Ba 2015, on the host. */
class Adam {
  readonly #rate: number;
  readonly #moments = new Map<string, { first: Float32Array; second: Float32Array }>();

  constructor(rate: number) {
    this.#rate = rate;
  }

  async step(name: string, held: Variable, gradient: Float32Array, count: number): Promise<void> {
    const values = Float32Array.from(await held.data());
    const known = this.#moments.get(name) ?? {
      first: new Float32Array(values.length),
      second: new Float32Array(values.length),
    };
    this.#moments.set(name, known);
    const { first, second } = known;
    for (let i = 0; i < values.length; i++) {
      const g = gradient[i]!;
      first[i] = 0.9 * first[i]! + 0.1 * g;
      second[i] = 0.999 * second[i]! + 0.001 * g * g;
      const mean = first[i]! / (1 - 0.9 ** count);
      const spread = second[i]! / (1 - 0.999 ** count);
      values[i] = values[i]! - (this.#rate * mean) / (Math.sqrt(spread) + 1e-8);
    }
    held.assign(tensorLike(values, held));
  }
}

function tensorLike(values: Float32Array, like: Variable): Tensor {
  return tensor(values, like.shape);
}
