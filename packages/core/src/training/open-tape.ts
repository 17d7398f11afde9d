import { addN, clone, engine, keep, type Scalar, type Tensor } from '@tensorflow/tfjs-core';
import { tensorsIn } from './tensors-in.ts';

/**
 * The only file that touches the gradient tape of TensorFlow.js from outside. Matching reads back from the device, which is
 * asynchronous, while `variableGrads` and its kin are synchronous. So the tape is recorded in two synchronous pieces, forward
 * and loss, and put aside in between: nothing of the engine is held while awaiting, and predictions that run meanwhile are
 * neither recorded nor disposed.
 */

/** A loss in three parts: what is differentiated, what is only looked at, and what is minimised. */
export interface TapedLoss<Forwarded extends object, Assigned, Loss extends { readonly total: Scalar }> {
  /** Pure and synchronous; a record of tensors. */
  forward(): Forwarded;
  /** No gradient flows through this. It may read tensors back, and disposes what it makes. */
  assign(forwarded: Forwarded): Promise<Assigned>;
  /** Pure and synchronous. */
  loss(forwarded: Forwarded, assigned: Assigned): Loss;
}

/** The tensors belong to the receiver: give it to `disposeTaped`. */
export interface TapedGradients<Forwarded, Loss> {
  readonly forwarded: Forwarded;
  readonly loss: Loss;
  /** In the order of the parameters; null where the loss does not depend on one. */
  readonly gradients: readonly (Tensor | null)[];
  /** Tensors with smaller ids existed before and are not ours. */
  readonly firstTensorId: number;
}

interface TapeNode {
  readonly saved?: readonly Tensor[];
  gradient?: (dys: readonly (Tensor | undefined)[]) => Record<string, () => Tensor>;
}
type Tape = TapeNode[];

interface PrivateEngine {
  startTape?: () => void;
  endTape?: () => void;
  startScope(name: string): void;
  endScope(result?: unknown): void;
  nextTensorId(): number;
  gradients(
    f: () => Tensor,
    xs: readonly Tensor[],
    dy: Tensor | null,
    none: boolean,
  ): { value: Tensor; grads: (Tensor | null)[] };
  runKernelFunc(call: { inputs: Readonly<Record<string, Tensor | undefined>> }): unknown;
  readonly state: { activeTape?: Tape | null; gradientDepth?: number };
}

const privateEngine = (): PrivateEngine => engine() as unknown as PrivateEngine;

/** Whether this TensorFlow.js has the members that putting a tape aside needs. */
export function canPauseTape(): boolean {
  const { startTape, endTape, state } = privateEngine();
  return typeof startTape === 'function' && typeof endTape === 'function' && state?.gradientDepth === 0;
}

/**
 * Gradients of `taped.loss(...).total` with respect to `parameters` in one forward pass, awaiting the assignment in the
 * middle. Where the private members are gone the forward pass runs twice: once to assign, once on a closed tape.
 */
export async function tapedGradients<F extends object, A, L extends { readonly total: Scalar }>(
  taped: TapedLoss<F, A, L>,
  parameters: readonly Tensor[],
  pausing: boolean = canPauseTape(),
): Promise<TapedGradients<F, L>> {
  return pausing ? onePass(taped, parameters) : twoPasses(taped, parameters);
}

/** Frees what `tapedGradients` returned, apart from tensors that existed before it was called. */
export function disposeTaped(result: TapedGradients<object, object>): void {
  for (const tensor of tensorsIn([result.forwarded, result.loss, result.gradients])) {
    if (tensor.id >= result.firstTensorId) tensor.dispose();
  }
}

/** The id of the next tensor: what `TapedGradients.firstTensorId` counts from. */
export function nextTensorId(): number {
  return privateEngine().nextTensorId();
}

/** A forward pass whose tape is kept until a later call differentiates it. Both are synchronous; each tape serves once. */
export class KeptTape {
  #tape: Tape = [];

  /** Runs and records `work`; what it neither returns nor needs for the gradient is disposed. */
  forward<T>(work: () => T): T {
    return this.#recording(() => scoped(work));
  }

  /** The gradients of the sum of `scalars`, which are functions of what `forward` returned. Null where there is none. */
  backward(scalars: () => readonly Tensor[], xs: readonly Tensor[]): (Tensor | null)[] {
    const inside = privateEngine();
    return this.#recording(() => {
      const total = scoped(() => addN([...scalars()]));
      const close = (): Tensor => {
        inside.endTape!();
        freeOnTheWay(this.#tape);
        return total;
      };
      return inside.gradients(close, xs, null, true).grads.map(orNull);
    });
  }

  #recording<T>(work: () => T): T {
    const inside = privateEngine();
    inside.startTape!();
    inside.state.activeTape = this.#tape;
    try {
      return work();
    } finally {
      while (inside.state.gradientDepth! > 0) inside.endTape!();
      this.#tape = inside.state.activeTape ?? [];
      inside.state.activeTape = null;
    }
  }
}

async function onePass<F extends object, A, L extends { readonly total: Scalar }>(
  taped: TapedLoss<F, A, L>,
  parameters: readonly Tensor[],
): Promise<TapedGradients<F, L>> {
  const inside = privateEngine();
  const firstTensorId = inside.nextTensorId();
  const made: unknown[] = [];
  let tape: Tape = [];
  const recording = <T>(work: () => T): T => {
    inside.startTape!();
    inside.state.activeTape = tape;
    try {
      return work();
    } finally {
      while (inside.state.gradientDepth! > 0) inside.endTape!();
      tape = inside.state.activeTape ?? [];
      inside.state.activeTape = null;
    }
  };
  try {
    const forwarded = recording(() => scoped(taped.forward.bind(taped)));
    made.push(forwarded);
    const assigned = await taped.assign(forwarded);
    return recording(() => {
      const loss = scoped(() => taped.loss(forwarded, assigned));
      made.push(loss);
      // Closing our level inside the call makes the call the outermost: its backward pass is not recorded, and it frees
      // the tape's tensors when it is done.
      const close = (): Tensor => {
        inside.endTape!();
        freeOnTheWay(tape);
        return loss.total;
      };
      const { grads } = inside.gradients(close, parameters, null, true);
      return { forwarded, loss, gradients: grads.map(orNull), firstTensorId };
    });
  } catch (error) {
    for (const node of tape) for (const tensor of node.saved ?? []) tensor.dispose();
    for (const tensor of tensorsIn(made)) if (tensor.id >= firstTensorId) tensor.dispose();
    throw error;
  }
}

async function twoPasses<F extends object, A, L extends { readonly total: Scalar }>(
  taped: TapedLoss<F, A, L>,
  parameters: readonly Tensor[],
): Promise<TapedGradients<F, L>> {
  const inside = privateEngine();
  const firstTensorId = inside.nextTensorId();
  const forwarded = scoped(taped.forward.bind(taped));
  const assigned = await taped.assign(forwarded);
  let loss: L | undefined;
  const closed = (): Tensor => {
    loss = taped.loss(taped.forward(), assigned);
    for (const tensor of tensorsIn(loss)) keep(tensor);
    return loss.total;
  };
  const { grads } = inside.gradients(closed, parameters, null, true);
  return { forwarded, loss: loss!, gradients: grads.map(orNull), firstTensorId };
}

/**
 * Makes a backward pass free what it has used: TensorFlow.js keeps every saved tensor and every gradient of an inner tensor until
 * the whole pass is through, so that its peak is about twice what is needed. Nodes are visited last to first, and what a node saved
 * and the gradients of its outputs are of no use once the node before it is visited.
 */
function freeOnTheWay(tape: Tape): void {
  let used: readonly (Tensor | undefined)[] = [];
  for (const node of tape) {
    const original = node.gradient;
    if (!original) continue;
    node.gradient = (dys) => {
      for (const tensor of used) tensor?.dispose();
      used = [...dys, ...(node.saved ?? [])];
      const gradients = Object.entries(original(dys));
      // A gradient that hands its `dy` on would lose it.
      const own = (dx: Tensor): Tensor => (dys.includes(dx) ? clone(dx) : dx);
      return Object.fromEntries(gradients.map(([name, gradient]) => [name, () => own(gradient())]));
    };
  }
}

/** TensorFlow.js leaves a hole where the types promise a tensor. */
const orNull = (gradient: Tensor | null | undefined): Tensor | null => gradient ?? null;

/** Runs `work` and keeps only the tensors in its result (like `tidy`, for results of any type). */
function scoped<T>(work: () => T): T {
  const inside = privateEngine();
  inside.startScope('training');
  let kept: Tensor[] = [];
  try {
    const result = work();
    kept = [...tensorsIn(result)];
    return result;
  } finally {
    inside.endScope(kept);
  }
}

/**
 * The gradient of `f` inside another gradient's backward pass (for recomputation). TensorFlow.js has one tape variable,
 * which the inner call would empty under the outer one: it is put aside meanwhile.
 */
export function nestedGradients(f: () => Tensor, xs: readonly Tensor[], dy: Tensor): (Tensor | null)[] {
  const inside = privateEngine();
  const outer = inside.state.activeTape;
  try {
    const recorded = (): Tensor => {
      const y = f();
      freeOnTheWay(inside.state.activeTape ?? []);
      return y;
    };
    return inside.gradients(recorded, xs, dy, true).grads.map(orNull);
  } finally {
    if (inside.state.gradientDepth === 0) inside.state.activeTape = outer ?? null;
  }
}

/**
 * Runs `work` and collects the tensors that its operations took in but that neither it made nor `known` lists: what a block
 * closes over, such as masks. Whoever runs the block again must keep their data alive.
 */
export function observingInputs<T>(work: () => T, known: readonly Tensor[]): { result: T; outside: readonly Tensor[] } {
  const inside = privateEngine();
  const firstTensorId = inside.nextTensorId();
  const ours = new Set(known);
  const outside = new Set<Tensor>();
  const run = inside.runKernelFunc;
  inside.runKernelFunc = (call) => {
    for (const tensor of Object.values(call.inputs)) {
      if (tensor && tensor.id < firstTensorId && !ours.has(tensor)) outside.add(tensor);
    }
    return run.call(inside, call);
  };
  try {
    return { result: work(), outside: [...outside] };
  } finally {
    inside.runKernelFunc = run;
  }
}
