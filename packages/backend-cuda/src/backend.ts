import { GlidError } from '@glid/base';
import type { CapturedGraph, GraphStage } from '@glid/ops';
import type { BackendValues, DataId, DataType, TensorInfo } from '@tensorflow/tfjs-core';
import { DataStorage, engine, KernelBackend } from '@tensorflow/tfjs-core';
import { bytesOf, type HostValues, hostArray } from './codegen/types.ts';
import { captureStages, type Recording } from './graph.ts';
import type { Allocator, Block } from './runtime/allocator.ts';
import type { Device } from './runtime/device.ts';
import type { MatrixProducts } from './runtime/matrix-product.ts';
import type { Program } from './runtime/program.ts';
import { sizeOf } from './shape.ts';

/** A tensor's values. It is also the data id that TensorFlow.js knows them by, so that nothing is looked up to find them. */
class Stored {
  /** `undefined` when they were disposed or moved to another backend. */
  owner: CudaBackend | undefined;
  readonly dtype: DataType;
  readonly count: number;
  references: number;
  block: Block | undefined;
  /** Values that no kernel has asked for by address yet. */
  host: BackendValues | undefined;

  constructor(
    owner: CudaBackend,
    dtype: DataType,
    count: number,
    references: number,
    block: Block | undefined,
    host: BackendValues | undefined,
  ) {
    this.owner = owner;
    this.dtype = dtype;
    this.count = count;
    this.references = references;
    this.block = block;
    this.host = host;
  }
}

const threadsPerBlock = 256;
/** Grid-stride loops count with 32-bit integers: one stride must fit above the largest index. */
const mostBlocks = 2 ** 20;
const mostElements = 2 ** 31 - 1 - threadsPerBlock * mostBlocks;

/** TensorFlow.js's backend interface on a device, and what the kernels of this package work with. */
export class CudaBackend extends KernelBackend {
  readonly device: Device;
  readonly allocator: Allocator;
  readonly products: MatrixProducts;
  /** Under ids that other backends have made. */
  readonly #moved: DataStorage<Stored>;
  readonly #onDispose: () => void;
  /** Tensors made since the running kernel began. */
  readonly #made: Stored[] = [];
  readonly #graphs = new Set<CapturedGraph>();
  #recording: Recording | undefined;
  /** Values under ids of this backend. */
  #count = 0;

  constructor(device: Device, allocator: Allocator, products: MatrixProducts, onDispose: () => void) {
    super();
    this.device = device;
    this.allocator = allocator;
    this.products = products;
    this.#moved = new DataStorage<Stored>(this, engine());
    this.#onDispose = onDispose;
  }

  // ---- TensorFlow.js's interface

  override write(values: BackendValues, shape: number[], dtype: DataType): DataId {
    return this.#store(dtype, sizeOf(shape), undefined, values);
  }

  override move(id: DataId, values: BackendValues, shape: number[], dtype: DataType, references: number): void {
    this.#moved.set(id, new Stored(this, dtype, sizeOf(shape), references, undefined, values));
  }

  override readSync(id: DataId): BackendValues {
    const { dtype, count, block, host } = this.#stored(id);
    if (block === undefined) return host!;
    if (this.#recording) this.device.refuseInCapture('reads back from the device');
    const values = hostArray(dtype, count);
    if (count > 0) this.device.download(values, block.address);
    return values;
  }

  override async read(id: DataId): Promise<BackendValues> {
    const stored = this.#stored(id);
    const { dtype, count, block, host } = stored;
    if (block === undefined) return host!;
    if (this.#recording) this.device.refuseInCapture('reads back from the device');
    const values = hostArray(dtype, count);
    if (count === 0) return values;
    // The tensor may be disposed while this waits.
    stored.references++;
    try {
      await this.device.downloadLater(values, block.address);
    } finally {
      this.disposeData(id);
    }
    return values;
  }

  override disposeData(id: DataId, force = false): boolean {
    const stored = this.#find(id);
    if (stored === undefined) return true;
    stored.references--;
    if (!force && stored.references > 0) return false;
    if (stored.block !== undefined) this.allocator.release(stored.block);
    stored.owner = stored.block = stored.host = undefined;
    if (stored === id) this.#count--;
    else this.#moved.delete(id);
    return true;
  }

  override incRef(id: DataId): void {
    this.#stored(id).references++;
  }

  override refCount(id: DataId): number {
    return this.#find(id)?.references ?? 0;
  }

  override numDataIds(): number {
    return this.#count + this.#moved.numDataIds();
  }

  #store(dtype: DataType, count: number, block: Block | undefined, host: BackendValues | undefined): Stored {
    this.#count++;
    return new Stored(this, dtype, count, 1, block, host);
  }

  /** What lies here under an id, if anything does. */
  #find(id: DataId): Stored | undefined {
    if (id instanceof Stored && id.owner === this) return id;
    return this.#moved.has(id) ? this.#moved.get(id) : undefined;
  }

  /** As `#find`; what lies in another backend is moved here. */
  #stored(id: DataId): Stored {
    return id instanceof Stored && id.owner === this ? id : this.#moved.get(id);
  }

  override memory(): { unreliable: boolean; numBytesInGPU: number; numBytesReserved: number } {
    const { bytesInUse, bytesReserved } = this.allocator;
    return { unreliable: false, numBytesInGPU: bytesInUse, numBytesReserved: bytesReserved };
  }

  override floatPrecision(): 32 {
    return 32;
  }

  override epsilon(): number {
    return 1e-7;
  }

  override timerAvailable(): boolean {
    return false;
  }

  override dispose(): void {
    for (const graph of this.#graphs) graph.dispose();
    this.#onDispose();
  }

  // ---- for kernels

  /** Runs a kernel; where it throws, the tensors it has made so far are freed. */
  guard<T>(name: string, kernel: () => T): T {
    this.#made.length = 0;
    this.device.operation = name;
    try {
      return kernel();
    } catch (error) {
      for (const stored of this.#made) this.disposeData(stored, true);
      throw error;
    } finally {
      this.device.operation = '';
    }
  }

  /** The device address; values that are still on the host go up now. */
  pointer(tensor: TensorInfo): number {
    return this.blockOf(tensor).address;
  }

  /** The memory; values that are still on the host go up now. */
  blockOf(tensor: TensorInfo): Block {
    const stored = this.#stored(tensor.dataId);
    if (stored.block === undefined) {
      stored.block = this.uploaded(stored.count * bytesOf(stored.dtype), () => toHostArray(stored));
      stored.host = undefined;
    } else {
      this.#recording?.read(stored.block);
    }
    return stored.block;
  }

  /** A block with the given bytes, for the caller to release. */
  uploaded(bytes: number, values: () => ArrayBufferView): Block {
    const block = this.#recording?.constant(bytes) ?? this.allocator.allocate(bytes);
    if (bytes > 0) this.device.upload(block.address, values());
    return block;
  }

  /** Fills a tensor that has memory with the values of another of its size and type. */
  overwrite(address: number, from: TensorInfo): void {
    const stored = this.#stored(from.dataId);
    const bytes = stored.count * bytesOf(stored.dtype);
    if (bytes === 0) return;
    if (stored.block === undefined) this.device.upload(address, toHostArray(stored));
    else this.device.copy(address, stored.block.address, bytes);
  }

  /** The contract of `GraphBackend` in `@glid/ops`. */
  captureStages(stages: readonly GraphStage[]): CapturedGraph[] {
    if (this.#recording) this.device.refuseInCapture('captures another graph');
    const graphs: CapturedGraph[] = [];
    const forget = (): void => {
      for (const graph of graphs) this.#graphs.delete(graph);
    };
    graphs.push(...captureStages(this, stages, forget));
    for (const graph of graphs) this.#graphs.add(graph);
    return graphs;
  }

  /** Tells `recording` what kernels read and upload while `run` runs. */
  recorded<T>(recording: Recording, run: () => T): T {
    this.#recording = recording;
    this.device.refused = undefined;
    try {
      const result = run();
      if (this.device.refused) throw this.device.refused;
      return result;
    } finally {
      this.#recording = undefined;
    }
  }

  /** The address, or 0 for an input that is not given. */
  optional(tensor: TensorInfo | undefined): number {
    return tensor === undefined ? 0 : this.pointer(tensor);
  }

  /** True if nobody would notice that a tensor's values change: no other tensor, no reading back that waits, no graph. */
  mayOverwrite(tensor: TensorInfo): boolean {
    const { references, block } = this.#stored(tensor.dataId);
    return references === 1 && (block === undefined || block.holders === 0) && this.#recording === undefined;
  }

  /** The value of a one-element tensor that is still on the host: kernels take it as an argument and nothing is uploaded. */
  hostScalar(tensor: TensorInfo): number | undefined {
    const { count, host, dtype } = this.#stored(tensor.dataId);
    return count === 1 && host !== undefined && dtype !== 'complex64' ? Number(host[0]) : undefined;
  }

  /** A new tensor whose values are whatever the memory held. Throws `GLID_LIMIT`, `GLID_OUT_OF_MEMORY`. */
  output(shape: readonly number[], dtype: DataType = 'float32'): TensorInfo {
    const count = sizeOf(shape);
    if (count > mostElements) {
      throw new GlidError('GLID_LIMIT', `A tensor of ${count} elements; kernels index up to ${mostElements}.`, {
        fix: 'Use smaller batches or pictures.',
      });
    }
    const made = this.#store(dtype, count, this.allocator.allocate(count * bytesOf(dtype)), undefined);
    this.#made.push(made);
    return { dataId: made, shape: shape as number[], dtype };
  }

  /** A tensor in a block, which is released with it. */
  wrap(block: Block, shape: readonly number[], dtype: DataType): TensorInfo {
    return { dataId: this.#store(dtype, sizeOf(shape), block, undefined), shape: shape as number[], dtype };
  }

  /** A tensor whose values stay on the host until a kernel asks for their address. */
  hostTensor(values: HostValues, shape: readonly number[], dtype: DataType): TensorInfo {
    return { dataId: this.write(values, [...shape], dtype), shape: [...shape], dtype };
  }

  /** Another reference to the same data in another shape. */
  share(tensor: TensorInfo, shape: readonly number[]): TensorInfo {
    this.incRef(tensor.dataId);
    return { dataId: tensor.dataId, shape: [...shape], dtype: tensor.dtype };
  }

  /** For tensors made inside a kernel. */
  release(...tensors: readonly TensorInfo[]): void {
    for (const tensor of tensors) this.disposeData(tensor.dataId);
  }

  /** Runs a pointwise program for `n` elements; `values` follow its parameter `n`. */
  run(program: Program, n: number, values: readonly number[]): void {
    if (n === 0) return;
    const blocks = Math.min(Math.ceil(n / threadsPerBlock), mostBlocks);
    this.device.launch(program, [n, ...values], { grid: [blocks], block: [threadsPerBlock] });
  }
}

function toHostArray({ dtype, count, host }: Stored): HostValues {
  const values = hostArray(dtype, 0);
  if ((host as object).constructor === values.constructor) return host as HostValues;
  const copy = hostArray(dtype, count);
  copy.set(host as ArrayLike<number>);
  return copy;
}
