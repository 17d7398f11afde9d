import { GlidError } from '@glid/base';
import type { CapturedGraph, GraphStage } from '@glid/ops';
import { type DataType, engine, type Tensor, tidy } from '@tensorflow/tfjs-core';
import type { CudaBackend } from './backend.ts';
import { bytesOf } from './codegen/types.ts';
import { type Allocator, type Block, Pool } from './runtime/allocator.ts';
import type { CapturedWork } from './runtime/device.ts';
import { sizeOf } from './shape.ts';

/** A tensor's place that stays the same from launch to launch. */
interface Slot {
  readonly block: Block;
  readonly shape: readonly number[];
  readonly dtype: DataType;
}

/**
 * What a graph must keep from being written by others. It has a pool of its own for what is made and freed inside, and another for
 * values that come from the host: these go up once, so nothing inside may write where they lie.
 */
export class Recording {
  readonly pool: Pool = new Pool();
  readonly #constants = new Pool();
  readonly #held = new Map<number, Block>();
  readonly #allocator: Allocator;
  #sealed = false;

  constructor(allocator: Allocator) {
    this.#allocator = allocator;
  }

  /** A kernel reads or writes memory. What was there before is held: parameters, masks, inputs. */
  read(block: Block): void {
    if (block.pool !== this.pool && block.pool !== this.#constants) this.hold(block);
  }

  /** Memory for values from the host. */
  constant(bytes: number): Block {
    const block = this.#allocator.within(this.#constants, this.#sealed, () => this.#allocator.allocate(bytes));
    this.hold(block);
    return block;
  }

  hold(block: Block): void {
    if (this.#held.has(block.address)) return;
    this.#held.set(block.address, block);
    this.#allocator.hold(block);
  }

  /** From here on the pools give what they have and grow no more. */
  seal(): void {
    this.#letGo();
    this.#sealed = true;
  }

  close(): void {
    this.#letGo();
    this.#allocator.close(this.pool);
    this.#allocator.close(this.#constants);
  }

  #letGo(): void {
    for (const block of this.#held.values()) this.#allocator.release(block);
    this.#held.clear();
  }
}

/**
 * Runs the stages twice and records them the third time: the first run compiles and fills the caches of constants, the second, which
 * allocates from the graphs' own pool, leaves there every block that the capture will ask for.
 */
export function captureStages(
  backend: CudaBackend,
  stages: readonly GraphStage[],
  onDispose: () => void,
): CapturedGraph[] {
  const { allocator, device } = backend;
  const recording = new Recording(allocator);
  const works: CapturedWork[] = [];
  const slots = stages.map(({ inputs }) =>
    inputs.map(({ shape, dtype }): Slot => {
      return { block: allocator.allocate(sizeOf(shape) * bytesOf(dtype)), shape, dtype };
    }),
  );
  const outputs: Slot[][] = [];
  const runAll = (around: (run: () => readonly Tensor[]) => void): void => {
    tidy(() => {
      for (const [k, stage] of stages.entries()) {
        const copies = slots[k]!.map((slot) => borrowed(backend, slot));
        around(() => stage.run(copies));
      }
    });
  };
  let disposed = false;
  const dispose = (): void => {
    if (disposed) return;
    disposed = true;
    for (const { executable } of works) device.driver.cuGraphExecDestroy(executable);
    for (const { block } of slots.flat()) allocator.release(block);
    recording.close();
    onDispose();
  };
  try {
    for (const [k, { inputs }] of stages.entries()) fill(backend, slots[k]!, inputs);
    runAll((run) => void run());
    backend.recorded(recording, () => allocator.within(recording.pool, false, () => runAll((run) => void run())));
    recording.seal();
    backend.recorded(recording, () =>
      allocator.within(recording.pool, true, () =>
        runAll((run) => {
          works.push(device.capture(() => outputs.push(run().map((made) => slotOf(backend, recording, made)))));
        }),
      ),
    );
  } catch (error) {
    dispose();
    throw error;
  }
  return works.map((work, k) => ({
    nodes: work.nodes,
    replay(fresh) {
      if (disposed) throw new GlidError('GLID_USAGE', 'The graph was disposed.', { fix: 'Capture it again.' });
      check(slots[k]!, fresh);
      fill(backend, slots[k]!, fresh);
      device.launchGraph(work);
      return outputs[k]!.map((slot) => copied(backend, slot));
    },
    dispose,
  }));
}

function fill(backend: CudaBackend, slots: readonly Slot[], values: readonly Tensor[]): void {
  for (const [i, { block }] of slots.entries()) backend.overwrite(block.address, values[i]!);
}

/** Where a captured stage leaves an output. */
function slotOf(backend: CudaBackend, recording: Recording, made: Tensor): Slot {
  const block = backend.blockOf(made);
  recording.hold(block);
  return { block, shape: made.shape, dtype: made.dtype };
}

function copied(backend: CudaBackend, { block, shape, dtype }: Slot): Tensor {
  const copy = backend.output(shape, dtype);
  const bytes = sizeOf(shape) * bytesOf(dtype);
  if (bytes > 0) backend.device.copy(backend.pointer(copy), block.address, bytes);
  return engine().makeTensorFromTensorInfo(copy);
}

/** A tensor of the engine in a slot's memory; disposing it leaves the slot. */
function borrowed(backend: CudaBackend, { block, shape, dtype }: Slot): Tensor {
  backend.allocator.hold(block);
  return engine().makeTensorFromTensorInfo(backend.wrap(block, shape, dtype));
}

function check(slots: readonly Slot[], given: readonly Tensor[]): void {
  const text = (list: readonly { shape: readonly number[]; dtype: DataType }[]): string =>
    list.map(({ shape, dtype }) => `${dtype} [${shape.join(', ')}]`).join('; ');
  if (text(slots) === text(given)) return;
  throw new GlidError('GLID_SHAPE', `The graph takes ${text(slots)}, but was given ${text(given)}.`, {
    fix: 'Give inputs of the shapes it was captured with, or capture another graph.',
  });
}
