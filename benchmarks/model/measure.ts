import { Random } from '@glid/base';
import { initializeParameters } from '@glid/head-kit';
import {
  add,
  mean,
  profile,
  randomNormal,
  type Scalar,
  square,
  type Tensor,
  type Tensor2D,
  type Tensor4D,
  tensor,
  tidy,
  variable,
  variableGrads,
} from '@tensorflow/tfjs-core';
import { decode } from '../../packages/core/src/decoder/index.ts';
import { encode, encoderSpecs, encodeVisible, visibleTokens } from '../../packages/core/src/encoder/index.ts';
import { coreSpecs, forwardFeatures, type ModelPreset, modelPresets } from '../../packages/core/src/model/index.ts';
import { drawMask } from '../../packages/core/src/pretrain/index.ts';
import { headQueries } from '../../packages/core/src/queries/index.ts';
import { plainNetwork } from './plain-network.ts';

const queryCount = 100;

/** Milliseconds on the clock, and of processor time over all threads, which other work on the machine does not stretch. */
export interface Times {
  readonly wallMs: number;
  readonly cpuMs: number;
}

export interface NetworkFigures extends Times {
  readonly launches: number;
  /** Most bytes that tensors took at once during a forward pass, parameters included. */
  readonly peakMiB: number;
}

const median = (list: number[]): number => list.sort((a, b) => a - b)[Math.floor(list.length / 2)]!;
const round = (value: number, digits = 1): number => Number(value.toFixed(digits));

/** Medians after warm-up runs. Alternating the candidates spreads what the machine does beside evenly over them. */
async function alternate(
  runs: { readonly [name: string]: () => Promise<void> },
  count: number,
  warmUp = 2,
): Promise<Record<string, Times>> {
  const found = Object.entries(runs).map(([name, run]) => ({ name, run, wall: [] as number[], cpu: [] as number[] }));
  for (let i = -warmUp; i < count; i++) {
    for (const { run, wall, cpu } of found) {
      const [start, used] = [performance.now(), process.cpuUsage()];
      await run();
      const { user, system } = process.cpuUsage(used);
      if (i < 0) continue;
      wall.push(performance.now() - start);
      cpu.push((user + system) / 1000);
    }
  }
  return Object.fromEntries(
    found.map(({ name, wall, cpu }) => [name, { wallMs: round(median(wall)), cpuMs: round(median(cpu)) }]),
  );
}

/** The network with `@glid/ops` and in plain operations, on the same parameters and picture. */
export async function measureNetwork(
  preset: ModelPreset,
  side: number,
  count: number,
): Promise<{ parameters: number; glid: NetworkFigures; plain: NetworkFigures; largestDifference: number }> {
  const config = modelPresets[preset];
  const specs = coreSpecs(config);
  const parameters = initializeParameters(specs, new Random(1));
  const total = Object.values(specs).reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  const embedding = randomNormal([queryCount, config.neck.width], 0, 1, 'float32', 3) as Tensor2D;
  const record = { ...parameters, 'queries.task.embedding': embedding };
  const images = randomNormal([1, side, side, 3], 0, 1, 'float32', 4) as Tensor4D;
  const glid = (): Tensor[] =>
    tidy(() => {
      const features = forwardFeatures(record, config, images);
      const queries = headQueries(record, 'task', { count: queryCount, init: 'cls' }, 1);
      return [features.pixels, decode(record, config.decoder, queries, features.memory).queries.at(-1)!];
    });
  const plain = (): Tensor[] =>
    tidy(() => {
      const { pixels, queries } = plainNetwork(record, config, images, embedding);
      return [pixels, queries];
    });
  const run = (forward: () => Tensor[]) => async (): Promise<void> => {
    const outputs = forward();
    await Promise.all(outputs.map((t) => t.data()));
    for (const t of outputs) t.dispose();
  };
  /** The first of the two warm-up runs, which also tells what is launched, what it takes and what comes out. */
  const first = async (forward: () => Tensor[]) => {
    let outputs: Tensor[] = [];
    const { kernels, peakBytes } = await profile(() => (outputs = forward()));
    const values = await Promise.all(outputs.map((t) => t.data<'float32'>()));
    for (const t of outputs) t.dispose();
    // `profile` lists an operation with a gradient of its own once more under its own name.
    const launches = kernels.filter(({ name: kernel }) => !/^(Reshape|Identity|ExpandDims)$|__op$/.test(kernel)).length;
    return { values, figures: { launches, peakMiB: round(peakBytes / 2 ** 20) } };
  };
  const [a, b] = [await first(glid), await first(plain)];
  const times = await alternate({ glid: run(glid), plain: run(plain) }, count, 1);
  let largestDifference = 0;
  for (const [i, x] of a.values.entries()) {
    const y = b.values[i]!;
    x.forEach((v, j) => {
      largestDifference = Math.max(largestDifference, Math.abs(v - y[j]!));
    });
  }
  for (const t of [...Object.values(record), images]) t.dispose();
  return {
    parameters: total,
    glid: { ...times.glid!, ...a.figures },
    plain: { ...times.plain!, ...b.figures },
    largestDifference,
  };
}

/** Encoder forward + backward: all tokens, hidden keys masked on the full grid, visible tokens grouped. */
export async function measureMasking(preset: ModelPreset, side: number, unit: number, batch: number, count: number) {
  const config = modelPresets[preset].encoder;
  const parameters = Object.fromEntries(
    Object.entries(initializeParameters(encoderSpecs(config), new Random(1))).map(([name, t]) => [
      name,
      variable(t as Tensor, true),
    ]),
  );
  const values = Float32Array.from({ length: batch * side * side * 3 }, (_, i) => Math.sin(i));
  const images = tensor(values, [batch, side, side, 3]) as Tensor4D;
  const random = new Random(2);
  const step = (maps: () => readonly Tensor4D[]) => async (): Promise<void> => {
    const { value, grads } = tidy(() =>
      variableGrads(
        () =>
          maps()
            .map((map) => mean(square(map)))
            .reduce((a, b) => add(a, b)) as Scalar,
      ),
    );
    await value.data();
    for (const t of [value, ...Object.values(grads)]) t.dispose();
  };
  const stages = () => visibleTokens(drawMask({ unit, ratio: 0.75 }, [batch, side, side], random).units, unit);
  const times = await alternate(
    {
      unmasked: step(() => encode(parameters, config, images)),
      maskedKeys: step(() => encode(parameters, config, images, { visible: stages().map((stage) => stage.mask) })),
      visibleOnly: step(() => encodeVisible(parameters, config, images, stages())),
    },
    count,
  );
  for (const t of [...Object.values(parameters), images]) t.dispose();
  return {
    ...times,
    speedUp: round(times.unmasked!.cpuMs / times.visibleOnly!.cpuMs, 2),
  };
}
