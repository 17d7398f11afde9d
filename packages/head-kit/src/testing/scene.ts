import { Random } from '@glid/base';
import {
  engine,
  memory,
  ready,
  type Tensor,
  tensor,
  tensor3d,
  tensor4d,
  tidy,
  type Variable,
  variable,
  variableGrads,
} from '@tensorflow/tfjs-core';
import { initialValues } from '../parameters/initialize.ts';
import type { AnyHead, HeadContext, HeadInputs, LossContext, LossTerms, RawOutputs } from '../spec/head.ts';
import type { ImageMeta } from '../spec/image-meta.ts';
import type { HostArray } from '../spec/targets.ts';
import { type CheckSubject, must } from './check.ts';

export type HostParameters = { readonly [name: string]: Float32Array };
export type Target = { readonly [field: string]: HostArray };

/** Random features and targets for a batch of pictures of one size. */
export interface Scene {
  readonly batch: number;
  readonly size: readonly [height: number, width: number];
  readonly queries: readonly Float32Array[];
  readonly pixels: Float32Array;
  readonly targets: readonly Target[];
  readonly metas: readonly ImageMeta[];
}

const seed = 20240407;

export function contextOf({ fixture }: CheckSubject): HeadContext {
  return { hiddenSize: fixture.hiddenSize ?? 16, pixelStride: 4 };
}

export function buildHead(subject: CheckSubject, config: unknown = subject.fixture.config): AnyHead {
  return subject.factory(config, contextOf(subject));
}

/** The declared start of each parameter with a little noise: a zero-initialised layer must not hide what lies behind it. */
export function hostParameters(head: AnyHead, noise = 0.1): HostParameters {
  return Object.fromEntries(
    Object.entries(head.parameters as AnyHead['parameters'] & object).map(([name, spec]) => {
      const random = Random.derive(seed, name);
      const values = initialValues(spec as Parameters<typeof initialValues>[0], random);
      for (let i = 0; i < values.length; i++) values[i] = values[i]! + random.normal(0, noise);
      return [name, values];
    }),
  );
}

export function makeScene(
  subject: CheckSubject,
  head: AnyHead,
  batch = 2,
  size: readonly [number, number] = [32, 48],
): Scene {
  const random = Random.derive(seed, 'scene', batch, ...size);
  const width = contextOf(subject).hiddenSize;
  const normals = (n: number): Float32Array => Float32Array.from({ length: n }, () => random.normal());
  const cells = Math.ceil(size[0] / 4) * Math.ceil(size[1] / 4);
  return {
    batch,
    size,
    queries: [0, 1].map(() => normals(batch * head.queries.count * width)),
    pixels: normals(batch * cells * width),
    targets: Array.from({ length: batch }, (_, b) =>
      subject.fixture.makeTarget(size[0], size[1], Random.derive(seed, 'target', b)),
    ),
    metas: Array.from({ length: batch }, (_, b) => ({
      originalSize: size,
      resizedSize: size,
      inputSize: size,
      id: `picture-${b}`,
    })),
  };
}

/** The pictures `from`, of a scene. */
export function pick(scene: Scene, from: readonly number[]): Scene {
  const rows = (x: Float32Array): Float32Array => {
    const n = x.length / scene.batch;
    const out = new Float32Array(n * from.length);
    from.forEach((b, k) => {
      out.set(x.subarray(b * n, (b + 1) * n), k * n);
    });
    return out;
  };
  return {
    batch: from.length,
    size: scene.size,
    queries: scene.queries.map(rows),
    pixels: rows(scene.pixels),
    targets: from.map((b) => scene.targets[b]!),
    metas: from.map((b) => scene.metas[b]!),
  };
}

export function toTensors(head: AnyHead, host: HostParameters): { [name: string]: Tensor } {
  return Object.fromEntries(
    Object.entries(host).map(([name, values]) => [name, tensor(values, [...head.parameters[name]!.shape])]),
  );
}

export function inputsOf(
  subject: CheckSubject,
  head: AnyHead,
  scene: Scene,
  pixelMask: Float32Array | null = null,
): HeadInputs {
  const width = contextOf(subject).hiddenSize;
  const [h, w] = scene.size.map((n) => Math.ceil(n / 4)) as [number, number];
  return {
    queries: scene.queries.map((q) => tensor3d(q, [scene.batch, head.queries.count, width])),
    pixels: tensor4d(scene.pixels, [scene.batch, h, w, width]),
    pixelMask: pixelMask && tensor3d(pixelMask, [scene.batch, h, w]),
    inputSize: scene.size,
    training: true,
  };
}

export function lossContext(scene: Scene): LossContext {
  return { metas: scene.metas, random: new Random(seed), meanOverRanks: async (value) => value };
}

/** Forward on the device, inside `tidy`. */
export function forward(
  head: AnyHead,
  parameters: { readonly [name: string]: Tensor },
  inputs: HeadInputs,
): RawOutputs {
  return tidy(() => head.doForward(parameters, inputs) as { [name: string]: Tensor });
}

export async function assign(head: AnyHead, raw: RawOutputs, scene: Scene): Promise<unknown> {
  return head.doAssign ? await head.doAssign(raw, scene.targets, lossContext(scene)) : undefined;
}

export function lossOf(head: AnyHead, raw: RawOutputs, scene: Scene, assignment: unknown): LossTerms {
  return head.doLoss(raw, scene.targets, assignment, lossContext(scene)) as LossTerms;
}

/** The total loss of a scene, start to end. */
export async function totalLoss(
  subject: CheckSubject,
  head: AnyHead,
  host: HostParameters,
  scene: Scene,
  mask: Float32Array | null = null,
): Promise<number> {
  const raw = forward(head, toTensors(head, host), inputsOf(subject, head, scene, mask));
  const assignment = await assign(head, raw, scene);
  return (await lossOf(head, raw, scene, assignment).total.data())[0]!;
}

/** Loss and gradients of variables, with the assignment made beforehand; null where the loss does not reach a variable. */
export async function gradientsOf(
  head: AnyHead,
  scene: Scene,
  variables: { readonly [name: string]: Variable },
  build: () => HeadInputs,
  assignment: unknown,
): Promise<{ loss: number; gradients: { [name: string]: Float32Array | null } }> {
  const { value, grads } = variableGrads(
    () => lossOf(head, head.doForward(variables, build()) as RawOutputs, scene, assignment).total,
    Object.values(variables),
  );
  const gradients: { [name: string]: Float32Array | null } = {};
  for (const [name, held] of Object.entries(variables)) {
    const gradient = grads[held.name];
    gradients[name] = gradient ? ((await gradient.data()) as Float32Array) : null;
  }
  return { loss: (await value.data())[0]!, gradients };
}

export function toVariables(head: AnyHead, host: HostParameters): { [name: string]: Variable } {
  return Object.fromEntries(
    Object.entries(host).map(([name, values]) => [name, variable(tensor(values, [...head.parameters[name]!.shape]))]),
  );
}

export async function readAll(raw: RawOutputs): Promise<{ [name: string]: { data: Float32Array; shape: number[] } }> {
  const out: { [name: string]: { data: Float32Array; shape: number[] } } = {};
  for (const [name, t] of Object.entries(raw)) {
    out[name] = { data: Float32Array.from(await t.data()), shape: t.shape };
  }
  return out;
}

/** Runs with every tensor of the run disposed at its end, also across awaits. */
export async function scoped<T>(run: () => Promise<T>): Promise<T> {
  await ready();
  const before = new Set(Object.keys(engine().registeredVariables));
  engine().startScope();
  try {
    return await run();
  } finally {
    for (const [name, held] of Object.entries(engine().registeredVariables)) if (!before.has(name)) held.dispose();
    engine().endScope();
  }
}

/** Tensors that `run` leaves behind beyond the `expected` ones; run twice, so that constants cached at first use do not count. */
export async function mustNotLeak(what: string, run: () => Promise<number>): Promise<void> {
  await run();
  const before = memory().numTensors;
  const expected = await run();
  const left = memory().numTensors - before - expected;
  must(left === 0, `${what} leaves ${left} tensors behind. Dispose what you make, or use tidy.`);
}
