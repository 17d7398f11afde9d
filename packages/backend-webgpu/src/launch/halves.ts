import { fromHalfBits, largestHalf, toHalfBits } from '@glid/base';
import { env, type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { Launcher } from './launcher.ts';
import { u32 } from './shader.ts';
import type { StockInternals } from './stock-internals.ts';

/**
 * Tensors whose buffer holds 16-bit floats, two a word. Kernels that know them read the words (`Launch.halves`); for all others a
 * tensor gets float32 numbers again when it is first bound, and keeps them.
 */
export class Halves {
  readonly #gpu: Launcher;
  readonly #stock: StockInternals;
  readonly #ids = new WeakSet<object>();

  constructor(gpu: Launcher, stock: StockInternals) {
    this.#gpu = gpu;
    this.#stock = stock;
  }

  has({ dataId }: Pick<TensorInfo, 'dataId'>): boolean {
    return this.#ids.has(dataId);
  }

  /** Float32 so far, and of a shape that kernels can read as words. */
  takes({ dataId, shape, dtype }: TensorInfo): boolean {
    const matrix = shape.length === 2 && shape[0]! > 0 && shape[1]! > 0 && shape[1]! % 4 === 0;
    return matrix && dtype === 'float32' && !this.#ids.has(dataId);
  }

  /** `values` are the numbers of a tensor that `takes` accepts. Beyond the largest half it stays float32. */
  store({ dataId }: TensorInfo, values: Float32Array): void {
    if (!values.every((v) => Math.abs(v) <= largestHalf)) return;
    const stock = this.#stock;
    const entry = stock.tensorMap.get(dataId);
    // Commands that read the float32 buffer have to be on their way before it is destroyed.
    if (stock.commandQueueOwnedIds.has(dataId)) {
      stock.endComputePassEncoder();
      stock.submitQueue();
    }
    const words = new Uint16Array(values.length);
    for (let i = 0; i < words.length; i++) words[i] = toHalfBits(values[i]!);
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    const buffer = stock.bufferManager.acquireBuffer(words.byteLength, usage);
    stock.device.queue.writeBuffer(buffer, 0, words);
    if (entry.resource) stock.bufferManager.releaseBuffer(entry.resource, false);
    entry.resource = buffer;
    entry.values = null;
    this.#ids.add(dataId);
  }

  async read(dataId: object): Promise<Float32Array> {
    const words = await this.#stock.getBufferData(this.#stock.tensorMap.get(dataId).resource!);
    return new Float32Array(new Uint16Array(words)).map(fromHalfBits);
  }

  /** Float32 again, in a buffer of its own. Nothing happens to a tensor that is float32, or while only shaders are compiled. */
  widen(dataId: object): void {
    if (!this.#ids.has(dataId) || env().getBool('WEBGPU_ENGINE_COMPILE_ONLY')) return;
    const gpu = this.#gpu;
    const entry = this.#stock.tensorMap.get(dataId);
    const size = util.sizeFromShape([...entry.shape]);
    const words = gpu.output([size / 2]);
    this.#stock.tensorMap.get(words.dataId).resource = entry.resource!;
    entry.resource = null;
    this.#ids.delete(dataId);
    gpu.launch({
      key: 'widen',
      inputs: { words },
      outputs: { y: { dataId, shape: [...entry.shape], dtype: 'float32' } },
      params: { vectors: u32(size / 4) },
      wide: ['y'],
      halves: ['words'],
      workgroups: Math.ceil(size / 4 / 64),
      code: () => `
fn kernel(group: u32, lane: u32) {
  let i = group * 64u + lane;
  if (i < params.vectors) { y[i] = widened(words[i]); }
}`,
    });
    gpu.release(words);
  }
}
