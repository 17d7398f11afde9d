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
  async begin(request: TrainingRequest): Promise<TrainingEnd> {
    this.#beIdle();
    const model = await this.#prepare(request);
    const keys = request.kind === 'scenes' ? request.heads : Object.keys(model.heads);
    const sources = Object.fromEntries(keys.map((key) => [key, model.heads[key]!]));
    const { side } = this.#bench;
    const course =
      request.kind === 'scenes'
        ? sceneCourse(sources, side, request.vary)
        : ownCourse(request, this.#shelf, sources, side);
    this.#run = { request, model, course, store: memoryStore() };
    return this.#go(this.#run);
  }

  /** @throws GLID_USAGE when no run was stopped */
  async resume(): Promise<TrainingEnd> {
    this.#beIdle();
    if (this.#run?.model === this.#bench.model && (await this.#run.store.list()).length > 0) return this.#go(this.#run);
    throw new GlidError('GLID_USAGE', 'There is no stopped run to go on with.', { fix: 'Begin a new one.' });
  }

  #beIdle(): void {
    if (!this.busy) return;
    throw new GlidError('GLID_USAGE', 'The model is being taught already.', { fix: 'Stop it first.' });
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

  async #go({ request, model, course, store }: Run): Promise<TrainingEnd> {
    const stop = new AbortController();
    this.#stop = stop;
    const { steps, kind, heads } = request;
    let last: TrainingEvent | undefined;
    let began = performance.now();
    try {
      for await (const event of finetune({
        model,
        data: course.data,
        steps,
        ...(kind === 'scenes' ? { heads } : {}),
        optimizer: {
          learningRate: 1e-3,
          weightDecay: 0.05,
          clip: 1,
          schedule: { kind: 'cosine', warmUp: { steps: Math.min(10, steps) }, end: 0.05 },
        },
        evaluation: { data: course.test, everySteps: measureEvery },
        checkpoints: { store, everySteps: steps, keep: 1 },
        signal: stop.signal,
      })) {
        last = event;
        this.#tell(event, steps, model, (performance.now() - began) / 1000);
        if (event.type === 'step') {
          // Lets requests of the page in: everything else here only takes turns among promises.
          await new Promise((resolve) => setTimeout(resolve));
          began = performance.now();
        }
      }
    } finally {
      this.#stop = undefined;
    }
    const { step } = last!;
    if (last?.type === 'finished') this.#run = undefined;
    const pictures = course.data.pictures;
    const report = this.#bench.taught({ taughtOn: kind, steps: step, pictures });
    return { reason: last?.type === 'finished' ? 'finished' : 'stopped', step, model: report };
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
