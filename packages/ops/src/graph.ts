import { backend, type Tensor } from '@tensorflow/tfjs-core';

/** Recorded work: as one launch, whatever the number of operations. */
export interface CapturedGraph {
  /** Operations of the device in it. */
  readonly nodes: number;
  /**
   * The same computation on other inputs of the same shapes and types. Returns new tensors, the caller's to dispose; the inputs stay the
   * caller's. Throws `GLID_SHAPE`, and `GLID_USAGE` when disposed.
   */
  replay(inputs: readonly Tensor[]): Tensor[];
  /** Gives its memory back, and that of the stages captured with it. Twice does no harm. */
  dispose(): void;
}

/** One function to record. */
export interface GraphStage {
  /** Examples, for their shapes and types. */
  readonly inputs: readonly Tensor[];
  /** `inputs`: copies, which a replay fills anew. What it returns and makes is disposed when all stages have run. */
  run(inputs: readonly Tensor[]): readonly Tensor[];
}

/** A TensorFlow.js backend that can record what it launches. */
export interface GraphBackend {
  /**
   * Runs the stages a few times, one after the other, and records each as a graph. A stage may use what earlier stages made; replays must
   * keep their order. A stage must launch the same kernels each time, read nothing back, and depend on nothing that changes but its inputs
   * and earlier stages: whatever else it reads keeps the value that it has now, and is kept alive. Throws `GLID_USAGE` naming the
   * operation that cannot be recorded.
   */
  captureStages(stages: readonly GraphStage[]): CapturedGraph[];
}

/** The active backend if it can record graphs; so far CUDA alone can. */
export function graphBackend(): GraphBackend | undefined {
  const active = backend() as Partial<GraphBackend>;
  return typeof active.captureStages === 'function' ? (active as GraphBackend) : undefined;
}

/** A function of one stage as a graph; `undefined` where the active backend records none. Throws as `captureStages`. */
export function captureGraph(inputs: readonly Tensor[], run: GraphStage['run']): CapturedGraph | undefined {
  return graphBackend()?.captureStages([{ inputs, run }])[0];
}
