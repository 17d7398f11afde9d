import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { env, type TensorInfo } from '@tensorflow/tfjs-core';
import { isSoftware } from '../software-adapter.ts';
import { Halves } from './halves.ts';
import { ParamsCache } from './params-cache.ts';
import { Pipelines } from './pipelines.ts';
import type { Param } from './shader.ts';
import { internalsOf, type StockInternals } from './stock-internals.ts';

/** One dispatch. Tensors are bound in the order of their records, outputs first. */
export interface Launch {
  /** The kernel's name and everything else that changes its code, other than the names below. */
  readonly key: string;
  readonly inputs: Readonly<Record<string, TensorInfo>>;
  /** Not empty: a kernel that has nothing to write is not launched. */
  readonly outputs: Readonly<Record<string, TensorInfo>>;
  readonly params: Readonly<Record<string, Param>>;
  readonly workgroups: number;
  /** 64 unless told otherwise; every device allows 256. */
  readonly workgroupSize?: number;
  /** Buffers that the code sees as `array<vec4<f32>>`; which they are has to follow from `key`. */
  readonly wide?: readonly string[];
  /** Inputs that `gpu.halves` has and that the code sees as `array<vec2<u32>>`, four numbers each: `widened(x[i])`. Follows from `key`. */
  readonly halves?: readonly string[];
  readonly code: () => string;
}

/** What kernels of this package see of a backend: outputs to write, and launches. */
export class Launcher {
  readonly pipelines: Pipelines;
  readonly halves: Halves;
  readonly #stock: StockInternals;
  readonly #backend: WebGPUBackend;
  readonly #params: ParamsCache;
  readonly #widest: number;
  /**
   * True where a CPU emulates the GPU. Its compiler takes minutes over loops that are written out, which on a GPU keep rows in
   * registers: kernels then bound these loops by a parameter instead of a constant.
   */
  readonly software: boolean;
  /** Dispatches so far. */
  launches = 0;

  constructor(backend: WebGPUBackend) {
    this.#backend = backend;
    this.#stock = internalsOf(backend);
    this.halves = new Halves(this, this.#stock);
    this.software = isSoftware(backend.device.adapterInfo);
    this.pipelines = new Pipelines(backend.device);
    this.#params = new ParamsCache(backend.device);
    this.#widest = backend.device.limits.maxComputeWorkgroupsPerDimension;
  }

  /** Storage buffers that one dispatch may bind. */
  get maxBuffers(): number {
    return this.#stock.device.limits.maxStorageBuffersPerShaderStage;
  }

  /** A tensor to be written by a launch. */
  output(shape: readonly number[]): TensorInfo {
    const empty = shape.includes(0) ? new Float32Array(0) : undefined;
    return this.#backend.makeTensorInfo([...shape], 'float32', empty);
  }

  zeros(shape: readonly number[], dtype: 'float32' | 'int32' = 'float32'): TensorInfo {
    const size = shape.reduce((a, b) => a * b, 1);
    return this.#backend.makeTensorInfo(
      [...shape],
      dtype,
      dtype === 'int32' ? new Int32Array(size) : new Float32Array(size),
    );
  }

  /** Gives back what `output` made, when it was only an intermediate. */
  release(tensor: TensorInfo): void {
    this.#backend.disposeData(tensor.dataId);
  }

  launch(call: Launch): void {
    const { inputs, outputs, params } = call;
    const stock = this.#stock;
    let key = call.key;
    for (const name in outputs) {
      stock.uploadToGPU(outputs[name]!.dataId);
      key += ` ${name}`;
    }
    key += ' <-';
    for (const name in inputs) {
      if (!call.halves?.includes(name)) stock.uploadToGPU(inputs[name]!.dataId);
      key += ` ${name}`;
    }
    const parts = () => ({
      inputs: Object.keys(inputs),
      outputs: Object.keys(outputs),
      params,
      workgroupSize: call.workgroupSize ?? 64,
      wide: call.wide ?? [],
      halves: call.halves ?? [],
      code: call.code,
    });
    if (env().getBool('WEBGPU_ENGINE_COMPILE_ONLY')) {
      this.pipelines.prepare(key, parts);
      return;
    }
    const { pipeline, layout } = this.pipelines.get(key, parts);
    const entries: GPUBindGroupEntry[] = [];
    for (const record of [outputs, inputs]) {
      for (const name in record) {
        const { dataId } = record[name]!;
        stock.commandQueueOwnedIds.add(dataId);
        entries.push({ binding: entries.length, resource: { buffer: stock.tensorMap.get(dataId).resource! } });
      }
    }
    entries.push({ binding: entries.length, resource: { buffer: this.#params.get(params) } });
    this.#record(pipeline, stock.device.createBindGroup({ layout, entries }), call.workgroups);
  }

  #record(pipeline: GPUComputePipeline, bindings: GPUBindGroup, workgroups: number): void {
    const stock = this.#stock;
    stock.ensureCommandEncoderReady();
    stock.computePassEncoder ??= stock.commandEncoder!.beginComputePass();
    const pass = stock.computePassEncoder;
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, bindings);
    const rows = Math.ceil(workgroups / this.#widest);
    pass.dispatchWorkgroups(Math.ceil(workgroups / rows), rows);
    this.launches++;
    stock.dispatchCountInPass++;
    if (stock.dispatchCountInPass >= env().getNumber('WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE')) {
      stock.endComputePassEncoder();
      stock.submitQueue();
    }
  }
}

const launchers = new WeakMap<object, Launcher>();

/** One launcher a backend. */
export function launcherOf(backend: unknown): Launcher {
  let launcher = launchers.get(backend as object);
  if (launcher === undefined) {
    launcher = new Launcher(backend as WebGPUBackend);
    launchers.set(backend as object, launcher);
  }
  return launcher;
}
