import { GlidError } from '@glid/base';
import type { Model } from '@glid/core';
import { type CheckpointStore, finetune, memoryStore, type TrainingEvent } from '@glid/core/train';
import type { TrainingEnd, TrainingRequest } from '../protocol.ts';
import { background, type Course, ownCourse, sceneCourse } from './lessons.ts';
import type { Emit } from './methods.ts';
import { type ModelBench, sceneClasses } from './model-bench.ts';
import type { PictureShelf } from './picture-shelf.ts';

/** Steps between measurements. */
const measureEvery = 25;

/** A run that can be stopped and gone on with. */
interface Run {
  readonly request: TrainingRequest;
  readonly model: Model;
  readonly course: Course;
  readonly store: CheckpointStore;
}

/** Fine-tunes the model on the bench. */
export class Teacher {
  readonly #bench: ModelBench;
  readonly #shelf: PictureShelf;
  readonly #emit: Emit;
  #run: Run | undefined;
  #stop: AbortController | undefined;

  constructor(bench: ModelBench, shelf: PictureShelf, emit: Emit) {
    this.#bench = bench;
    this.#shelf = shelf;
    this.#emit = emit;
  }

  get busy(): boolean {
    return this.#stop !== undefined;
  }

  stop(): void {
    this.#stop?.abort();
  }

  /** A new run, from what the model knows now. */
  begin(request: TrainingRequest): Promise<TrainingEnd> {
    return this.#alone(async (signal) => {
      const model = await this.#prepare(request);
      const keys = request.kind === 'scenes' ? request.heads : Object.keys(model.heads);
      const sources = Object.fromEntries(keys.map((key) => [key, model.heads[key]!]));
      const { side } = this.#bench;
      const course =
        request.kind === 'scenes'
          ? sceneCourse(sources, side, request.vary)
          : ownCourse(request, this.#shelf, sources, side);
      this.#run = { request, model, course, store: memoryStore() };
      this.#emit('model', this.#bench.taught({ taughtOn: request.kind, steps: 0, pictures: course.data.pictures }));
      return this.#go(this.#run, signal);
    });
  }

  /** @throws GLID_USAGE when no run was stopped */
  resume(): Promise<TrainingEnd> {
    return this.#alone(async (signal) => {
      const run = this.#run;
      if (run?.model === this.#bench.model && (await run.store.list()).length > 0) return this.#go(run, signal);
      throw new GlidError('GLID_USAGE', 'There is no stopped run to go on with.', { fix: 'Begin a new one.' });
    });
  }

  /** One run at a time, from here on to be stopped. */
  async #alone(work: (signal: AbortSignal) => Promise<TrainingEnd>): Promise<TrainingEnd> {
    if (this.#stop) {
      throw new GlidError('GLID_USAGE', 'The model is being taught already.', { fix: 'Stop it first.' });
    }
    this.#stop = new AbortController();
    try {
      return await work(this.#stop.signal);
    } finally {
      this.#stop = undefined;
    }
  }

  #prepare({ kind, labels, heads }: TrainingRequest): Promise<Model> {
    if (kind === 'scenes') {
      const present = Object.keys(this.#bench.model.heads);
      const keys = present.filter((key) => heads.includes(key)).length === heads.length ? present : heads;
      return this.#bench.refit(keys, sceneClasses);
    }
    const classes = { things: labels, pixels: [background, ...labels] };
    return this.#bench.refit([kind === 'boxes' ? 'detection' : 'segmentation'], classes);
  }

  async #go({ request, model, course, store }: Run, signal: AbortSignal): Promise<TrainingEnd> {
    const { steps, kind, heads } = request;
    const schedule = { kind: 'constant', warmUp: { steps: Math.min(10, steps) } } as const;
    let last: TrainingEvent | undefined;
    let began = performance.now();
    for await (const event of finetune({
      model,
      data: course.data,
      steps,
      ...(kind === 'scenes' ? { heads } : {}),
      optimizer: { learningRate: 1e-3, weightDecay: 0.05, clip: 1, schedule },
      evaluation: { data: course.test, everySteps: measureEvery },
      checkpoints: { store, everySteps: steps, keep: 1 },
      signal,
    })) {
      last = event;
      this.#tell(event, steps, model, (performance.now() - began) / 1000);
      if (event.type === 'step') {
        // Lets requests of the page in: everything else here only takes turns among promises.
        await new Promise((resolve) => setTimeout(resolve));
        began = performance.now();
      }
    }
    const reason = last?.type === 'finished' ? 'finished' : 'stopped';
    if (reason === 'finished') this.#run = undefined;
    const { step } = last!;
    const report = this.#bench.taught({ taughtOn: kind, steps: step, pictures: course.data.pictures });
    return { reason, step, model: report };
  }

  #tell(event: TrainingEvent, steps: number, model: Model, seconds: number): void {
    if (event.type === 'step') this.#emit('step', { step: event.step, steps, loss: event.loss, seconds });
    if (event.type !== 'evaluation') return;
    for (const [key, head] of Object.entries(model.heads)) {
      const value = event.metrics[`${key}.${head.primaryMetric.name}`];
      if (value === undefined || !Number.isFinite(value)) continue;
      this.#emit('measure', { step: event.step, name: `${key} ${head.primaryMetric.name}`, value });
    }
  }
}
