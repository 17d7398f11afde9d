import { createModel, headOf, type Model } from '@glid/core';
import { finetuneObjective, type Objective, pretrainObjective, train } from '@glid/core/train';
import { batchSource, keepInMemory, presets, syntheticScenes } from '@glid/data';
import { detection } from '@glid/head-detection';

export interface Setting {
  readonly task: 'pretrain' | 'detection';
  readonly side: number;
  readonly batchSize: number;
  readonly queries: number;
  readonly recompute?: boolean;
}

/** One training step. Shares are of its time on the clock; `backward` is what of the gradients is neither forward nor loss. */
export interface StepFigures {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly picturesPerCpuSecond: number;
  readonly shares: { readonly [phase: string]: number };
}

const mask = { unit: 16, ratio: 0.75, target: 'normalized' } as const;

/** Medians of `count` steps of glid-nano after one to warm up, on drawn pictures that are kept in memory. */
export async function measureStep(setting: Setting, count: number): Promise<StepFigures> {
  const { task, side, batchSize, queries } = setting;
  const scenes = syntheticScenes({ length: 2 * batchSize, size: side });
  const model = (await createModel({
    backbone: 'nano',
    ...(task === 'pretrain'
      ? { pretrain: mask }
      : { heads: { detection: headOf(detection, { labels: scenes.labels, queries, placedQueries: true }) } }),
  })) as unknown as Model;
  const more = setting.recompute ? { recompute: true } : {};
  const objective = (
    task === 'pretrain'
      ? pretrainObjective(model.config, model.pretrain!, more)
      : finetuneObjective({ config: model.config, heads: model.heads, ...more })
  ) as Objective;
  const clock = stopwatch();
  const size = [side, side] as const;
  const data = batchSource({
    dataset: keepInMemory(scenes),
    ...(task === 'pretrain' ? {} : { sources: model.heads as never }),
    pipeline: task === 'pretrain' ? presets.small.pretrain.train({ size }) : presets.small.detection.train({ size }),
    batchSize,
    prefetch: 0,
  });
  const steps: { wall: number; cpu: number; phases: Record<string, number>; update: number }[] = [];
  let [wall, used] = [performance.now(), process.cpuUsage()];
  for await (const event of train({
    objective: {
      ...objective,
      forward: (...all) => clock.sync('forward', () => objective.forward(...all)),
      assign: (...all) => clock.async('matching', () => objective.assign(...all)),
      loss: (...all) => clock.sync('loss', () => objective.loss(...all)),
    },
    parameters: model.parameters,
    source: data,
    steps: count + 1,
    optimizer: { learningRate: 1e-4, clip: 1, weightDecay: 0.05 },
    seed: 0,
    watchEvery: 1000,
  })) {
    if (event.type !== 'step') continue;
    const { user, system } = process.cpuUsage(used);
    const { data: loader, gradients, update } = event.milliseconds;
    const inside = clock.take();
    const backward = gradients - Object.values(inside).reduce((sum, ms) => sum + ms, 0);
    steps.push({
      wall: performance.now() - wall,
      cpu: (user + system) / 1000,
      phases: { loader, ...inside, backward },
      update,
    });
    [wall, used] = [performance.now(), process.cpuUsage()];
  }
  model.dispose();
  const kept = steps.slice(1);
  const sum = (of: (step: (typeof kept)[number]) => number): number =>
    kept.reduce((total, step) => total + of(step), 0);
  const names = [...new Set(kept.flatMap(({ phases }) => Object.keys(phases)))];
  const all = sum(({ phases, update }) => Object.values(phases).reduce((a, b) => a + b, 0) + update);
  const cpuMs = median(kept.map(({ cpu }) => cpu));
  return {
    wallMs: round(median(kept.map((step) => step.wall))),
    cpuMs: round(cpuMs),
    picturesPerCpuSecond: round((1000 * batchSize) / cpuMs, 2),
    shares: {
      ...Object.fromEntries(names.map((name) => [name, round(sum(({ phases }) => phases[name] ?? 0) / all, 3)])),
      optimiser: round(sum(({ update }) => update) / all, 3),
    },
  };
}

/** Milliseconds by name since they were last taken. */
function stopwatch() {
  let spent: Record<string, number> = {};
  const add = (name: string, start: number): void => {
    spent[name] = (spent[name] ?? 0) + performance.now() - start;
  };
  return {
    sync<T>(name: string, work: () => T): T {
      const start = performance.now();
      const result = work();
      add(name, start);
      return result;
    },
    async async<T>(name: string, work: () => Promise<T>): Promise<T> {
      const start = performance.now();
      const result = await work();
      add(name, start);
      return result;
    },
    take(): Record<string, number> {
      const taken = spent;
      spent = {};
      return taken;
    },
  };
}

/** The loader alone: pictures a second of processor time, from drawn pictures (kept in memory and not) or a folder. */
export async function measureLoader(source: Parameters<typeof batchSource>[0], batches: number): Promise<number> {
  const rates: number[] = [];
  let used = process.cpuUsage();
  for await (const batch of batchSource(source).batches(0)) {
    const { user, system } = process.cpuUsage(used);
    rates.push((1e6 * batch.images.shape[0]) / (user + system));
    if (rates.length > batches) break;
    used = process.cpuUsage();
  }
  return round(median(rates.slice(1)));
}

export const median = (list: readonly number[]): number =>
  [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)]!;
export const round = (value: number, digits = 1): number => Number(value.toFixed(digits));
