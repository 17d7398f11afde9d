import type { BoxXyxy } from '@glid/base';

/** Which backend the user wants; `auto` is WebGPU on a real GPU, else WebAssembly. */
export type BackendWish = 'auto' | 'webgpu' | 'wasm';

export interface BackendReport {
  readonly name: string;
  readonly description: string;
  /** What was tried before it, and why it was not taken. */
  readonly rejected: readonly { readonly name: string; readonly reason: string }[];
}

export interface HeadReport {
  readonly key: string;
  readonly title: string;
  readonly shows: string;
  readonly labels: readonly string[];
  /** One a query: a label where a query answers for one, else its number. */
  readonly queries: readonly string[];
}

export interface ModelReport {
  readonly title: string;
  /** `new`: random numbers; `backbone`: pre-trained, with new heads; `file`: from a checkpoint; `taught`: trained in this page. */
  readonly state: 'new' | 'backbone' | 'file' | 'taught';
  readonly side: number;
  readonly parameters: number;
  readonly layers: number;
  readonly heads: readonly HeadReport[];
}

/** A picture that the worker holds; the page shows its bitmap. */
export interface Picture {
  readonly id: number;
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly bitmap: ImageBitmap;
  /** What a synthetic scene knows about itself; empty for others. */
  readonly boxes: readonly LabelledBox[];
  /** `[height, width]`: 0, or k for the k-th of the labels that were asked for. */
  readonly pixels?: Uint8Array<ArrayBuffer>;
}

export interface LabelledBox {
  readonly label: string;
  readonly box: BoxXyxy;
}

/** What a head found, in words, and the query that said so. */
export interface Found {
  readonly head: string;
  readonly text: string;
  readonly query?: number;
  readonly box?: BoxXyxy;
  readonly score?: number;
}

export interface Prediction {
  /** The picture with everything drawn on it. */
  readonly bitmap: ImageBitmap;
  readonly milliseconds: number;
  readonly found: readonly Found[];
}

/** One taught picture: boxes, or a class a pixel (`[height, width]`, 0 = background, k = k-th label). */
export interface Lesson {
  readonly picture: number;
  readonly boxes?: readonly LabelledBox[];
  readonly pixels?: Uint8Array<ArrayBuffer>;
}

export interface TrainingRequest {
  /** `scenes` teaches the chosen heads on synthetic scenes with known answers. */
  readonly kind: 'boxes' | 'masks' | 'scenes';
  readonly labels: readonly string[];
  readonly lessons: readonly Lesson[];
  /** For `scenes`. */
  readonly heads: readonly string[];
  readonly steps: number;
  /** Mirror pictures and vary their colours. */
  readonly vary: boolean;
}

export interface TrainingStep {
  readonly step: number;
  readonly steps: number;
  readonly loss: number;
  readonly seconds: number;
}

/** A measurement on the way; `name` says of what. */
export interface TrainingMeasure {
  readonly step: number;
  readonly name: string;
  readonly value: number;
}

export interface TrainingEnd {
  readonly reason: 'finished' | 'stopped';
  readonly step: number;
  readonly model: ModelReport;
}

/** What the page asks of the worker. */
export interface WorkerMethods {
  start(wish: BackendWish): Promise<BackendReport>;
  newModel(options: { readonly size: string; readonly side: number }): Promise<ModelReport>;
  openCheckpoint(options: { readonly bytes: Uint8Array; readonly name: string }): Promise<ModelReport>;
  saveCheckpoint(): Promise<Uint8Array>;
  addFile(options: { readonly bytes: Uint8Array; readonly name: string }): Promise<Picture>;
  addFrame(options: { readonly bitmap: ImageBitmap; readonly name: string; readonly id?: number }): Promise<Picture>;
  addScene(options: { readonly number: number; readonly labels?: readonly string[] }): Promise<Picture>;
  /** A copy to be marked, made smaller where it is large: marks need no more, and painting stays fluent. */
  addCopy(id: number): Promise<Picture>;
  dropPicture(id: number): Promise<void>;
  predict(options: { readonly picture: number; readonly heads: readonly string[] }): Promise<Prediction>;
  /** The query of a head that answered for a place, if there is one. */
  pick(options: { readonly x: number; readonly y: number }): Promise<Found | null>;
  attention(options: {
    readonly picture: number;
    readonly head: string;
    readonly query: number;
    readonly layer: number;
  }): Promise<ImageBitmap>;
  train(request: TrainingRequest): Promise<TrainingEnd>;
  /** Goes on with the run that was stopped. */
  resume(): Promise<TrainingEnd>;
  stop(): Promise<void>;
}

/** What the worker tells on its own. */
export interface WorkerEvents {
  readonly step: TrainingStep;
  readonly measure: TrainingMeasure;
  /** Training begins with this model: it may have other heads than the one before. */
  readonly model: ModelReport;
  /** The device is gone; the message says what to do. */
  readonly lost: string;
}

export type MethodName = keyof WorkerMethods;
export type Argument<M extends MethodName> = Parameters<WorkerMethods[M]>[0];
export type Answer<M extends MethodName> = Awaited<ReturnType<WorkerMethods[M]>>;

/** An error as it crosses the border. */
export interface PlainError {
  readonly code: string;
  readonly message: string;
}

export type ToWorker = { readonly id: number; readonly method: MethodName; readonly argument: unknown };
export type FromWorker =
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly error: PlainError }
  | { readonly event: keyof WorkerEvents; readonly value: unknown };
