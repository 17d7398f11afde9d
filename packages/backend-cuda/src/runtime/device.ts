import { GlidError } from '@glid/base';
import { cudaResult, deviceAttribute, driverTable } from '../driver/cuda.ts';
import { driverError, isFatal } from '../driver/errors.ts';
import { bindTable } from '../ffi/bind.ts';
import type { CudaLibraries } from '../ffi/find-libraries.ts';
import type { Ffi, Functions } from '../ffi/port.ts';
import { ArgumentBuffer } from './argument-buffer.ts';
import type { CodeCache } from './code-cache.ts';
import { Compiler } from './compiler.ts';
import type { Geometry, Program } from './program.ts';

const nonBlocking = 1;
const withoutTiming = 2;
/** Calls that a capture cannot hold are refused to this thread, not to others (`CU_STREAM_CAPTURE_MODE_THREAD_LOCAL`). */
const captureThreadLocal = 1;

/** Recorded work. */
export interface CapturedWork {
  /** A `CUgraphExec`. */
  readonly executable: number;
  readonly nodes: number;
}

/** One GPU: its context, one compute stream, one stream for reading back, and the kernels loaded so far. */
export class Device {
  readonly name: string;
  /** `sm_90` */
  readonly architecture: string;
  readonly driverVersion: number;
  readonly multiprocessors: number;
  readonly compiler: Compiler;
  readonly driver: Functions<typeof driverTable>;
  readonly stream: number;
  /** Rejects nothing: resolves with the first error after which the device is of no use. */
  readonly lost: Promise<Error>;
  launches = 0;
  /** What is running now, for messages. */
  operation = '';
  /** What a captured function was refused first; a promise that nobody awaits would hide it. */
  refused: GlidError | undefined;
  readonly #ffi: Ffi;
  readonly #library: string;
  readonly #handle: number;
  readonly #copies: number;
  readonly #arguments: ArgumentBuffer;
  readonly #cache: CodeCache;
  readonly #kernels = new Map<string, number>();
  readonly #modules: number[] = [];
  readonly #out = new BigUint64Array(2);
  readonly #outInt = new Int32Array(1);
  #reportLoss: (error: Error) => void = () => {};
  /** While a graph is captured: host arrays whose copies may still be under way. */
  #uploads: ArrayBufferView[] | undefined;

  /** @throws GLID_BACKEND_UNAVAILABLE without a GPU of this number, or with a driver older than the compiler. */
  constructor(ffi: Ffi, libraries: CudaLibraries, ordinal: number, cache: CodeCache) {
    this.#ffi = ffi;
    this.#cache = cache;
    this.lost = new Promise((resolve) => {
      this.#reportLoss = resolve;
    });
    this.#library = libraries.driver.path;
    const driver = bindTable(libraries.driver, driverTable);
    this.driver = driver;
    this.check(driver.cuInit(0), 'cuInit');
    this.driverVersion = this.#readInt('cuDriverGetVersion', (out) => driver.cuDriverGetVersion(out));
    this.compiler = new Compiler(libraries.nvrtc);
    requireDriver(this.driverVersion, this.compiler.version, libraries);
    this.#handle = this.#readInt(`cuDeviceGet of GPU ${ordinal}`, (out) => driver.cuDeviceGet(out, ordinal));
    const attribute = (number: number): number =>
      this.#readInt('cuDeviceGetAttribute', (out) => driver.cuDeviceGetAttribute(out, number, this.#handle));
    const { computeCapabilityMajor, computeCapabilityMinor, multiprocessors } = deviceAttribute;
    this.architecture = `sm_${attribute(computeCapabilityMajor)}${attribute(computeCapabilityMinor)}`;
    this.multiprocessors = attribute(multiprocessors);
    this.name = this.#readName();
    const context = this.#read('cuDevicePrimaryCtxRetain', (out) => driver.cuDevicePrimaryCtxRetain(out, this.#handle));
    this.check(driver.cuCtxSetCurrent(context), 'cuCtxSetCurrent');
    this.stream = this.#read('cuStreamCreate', (out) => driver.cuStreamCreate(out, nonBlocking));
    this.#copies = this.#read('cuStreamCreate', (out) => driver.cuStreamCreate(out, nonBlocking));
    this.#arguments = new ArgumentBuffer(ffi);
  }

  /** Throws the error for a result other than success. */
  check(code: number, call: string): void {
    if (code === 0) return;
    const text = (read: 'cuGetErrorName' | 'cuGetErrorString'): string => {
      const failed = this.driver[read](code, this.#out) !== 0;
      return failed ? '' : this.#ffi.readString(Number(this.#out[0]));
    };
    const error = driverError(
      ...([code, call, text('cuGetErrorName') || 'an unknown error', text('cuGetErrorString')] as const),
      this.#library,
    );
    if (isFatal(code)) this.#reportLoss(error);
    throw error;
  }

  /** The address, or `undefined` where the device has not so many bytes left. */
  allocate(bytes: number): number | undefined {
    const code = this.driver.cuMemAlloc_v2(this.#out, bytes);
    if (code === cudaResult.outOfMemory) return undefined;
    this.check(code, 'cuMemAlloc');
    return Number(this.#out[0]);
  }

  free(address: number): void {
    this.check(this.driver.cuMemFree_v2(address), 'cuMemFree');
  }

  /** What is free, and how much the device has. */
  memoryBytes(): { readonly free: number; readonly total: number } {
    this.check(this.driver.cuMemGetInfo_v2(this.#out, this.#out.subarray(1)), 'cuMemGetInfo');
    return { free: Number(this.#out[0]), total: Number(this.#out[1]) };
  }

  /** While a graph is captured this is no part of it: the bytes go up once, now, by the other stream. */
  upload(to: number, from: ArrayBufferView): void {
    this.#uploads?.push(from);
    const stream = this.#uploads ? this.#copies : this.stream;
    this.check(this.driver.cuMemcpyHtoDAsync_v2(to, from, from.byteLength, stream), 'cuMemcpyHtoDAsync');
  }

  copy(to: number, from: number, bytes: number): void {
    this.check(this.driver.cuMemcpyDtoDAsync_v2(to, from, bytes, this.stream), 'cuMemcpyDtoDAsync');
  }

  /** Sets `count` words of 4 bytes to the same bits. */
  fillWords(to: number, bits: number, count: number): void {
    this.check(this.driver.cuMemsetD32Async(to, bits >>> 0, count, this.stream), 'cuMemsetD32Async');
  }

  fillBytes(to: number, value: number, count: number): void {
    this.check(this.driver.cuMemsetD8Async(to, value, count, this.stream), 'cuMemsetD8Async');
  }

  /** Waits for all work so far and reads; the event loop stands still. */
  download(to: ArrayBufferView, from: number): void {
    this.check(this.driver.cuMemcpyDtoHAsync_v2(to, from, to.byteLength, this.stream), 'cuMemcpyDtoHAsync');
    this.synchronize();
  }

  /** Reads once the work submitted so far is done; the event loop goes on meanwhile, and later work is not waited for. */
  async downloadLater(to: ArrayBufferView, from: number): Promise<void> {
    const event = this.#read('cuEventCreate', (out) => this.driver.cuEventCreate(out, withoutTiming));
    try {
      this.check(this.driver.cuEventRecord(event, this.stream), 'cuEventRecord');
      for (;;) {
        const code = this.driver.cuEventQuery(event);
        if (code !== cudaResult.notReady) {
          this.check(code, 'cuEventQuery');
          break;
        }
        await new Promise((resolve) => setImmediate(resolve));
      }
    } finally {
      this.driver.cuEventDestroy_v2(event);
    }
    this.check(this.driver.cuMemcpyDtoHAsync_v2(to, from, to.byteLength, this.#copies), 'cuMemcpyDtoHAsync');
    this.check(this.driver.cuStreamSynchronize(this.#copies), 'cuStreamSynchronize');
  }

  /**
   * Records what `run` submits to the compute stream instead of executing it.
   * @returns the graph, ready to be launched
   * @throws GLID_USAGE when `run` does what cannot be recorded
   */
  capture(run: () => void): CapturedWork {
    if (this.#uploads) this.refuseInCapture('captures another graph');
    const { driver, stream } = this;
    this.synchronize();
    this.check(driver.cuStreamBeginCapture_v2(stream, captureThreadLocal), 'cuStreamBeginCapture');
    this.#uploads = [];
    try {
      run();
    } catch (error) {
      // Ends the capture; what it says about a broken one is no news.
      if (driver.cuStreamEndCapture(stream, this.#out) === 0) driver.cuGraphDestroy(Number(this.#out[0]));
      throw error;
    } finally {
      const uploads = this.#uploads;
      this.#uploads = undefined;
      if (uploads.length > 0) this.check(driver.cuStreamSynchronize(this.#copies), 'cuStreamSynchronize');
    }
    const graph = this.#read('cuStreamEndCapture', (out) => driver.cuStreamEndCapture(stream, out));
    try {
      const nodes = this.#read('cuGraphGetNodes', (out) => driver.cuGraphGetNodes(graph, 0, out));
      const executable = this.#read('cuGraphInstantiate', (out) => driver.cuGraphInstantiateWithFlags(out, graph, 0));
      return { executable, nodes };
    } finally {
      driver.cuGraphDestroy(graph);
    }
  }

  launchGraph({ executable }: CapturedWork): void {
    this.launches++;
    this.check(this.driver.cuGraphLaunch(executable, this.stream), 'cuGraphLaunch');
  }

  /** @throws GLID_USAGE always; `what` completes "<operation> …" */
  refuseInCapture(what: string): never {
    const operation = this.operation || 'The captured function';
    const error = new GlidError('GLID_USAGE', `${operation} ${what} while a graph is captured.`, {
      fix: 'Capture functions that launch the same kernels each time and read nothing back.',
      details: { operation, what },
    });
    this.refused ??= error;
    throw error;
  }

  synchronize(): void {
    if (this.#uploads) this.refuseInCapture('waits for the device');
    this.check(this.driver.cuStreamSynchronize(this.stream), 'cuStreamSynchronize');
  }

  launch(program: Program, values: readonly number[], { grid, block, shared = 0 }: Geometry): void {
    const kernel = this.#kernels.get(program.key) ?? this.#load(program);
    this.#arguments.pack(program.signature, values);
    this.launches++;
    const code = this.driver.cuLaunchKernel(
      ...([kernel, grid[0], grid[1] ?? 1, grid[2] ?? 1, block[0], block[1] ?? 1, block[2] ?? 1] as const),
      ...([shared, this.stream, 0, this.#arguments.extra] as const),
    );
    if (code !== 0) this.check(code, `Launching ${program.key}`);
  }

  /** Frees the streams, the kernels and the context. */
  dispose(): void {
    for (const module of this.#modules) this.driver.cuModuleUnload(module);
    this.driver.cuStreamDestroy_v2(this.stream);
    this.driver.cuStreamDestroy_v2(this.#copies);
    this.driver.cuDevicePrimaryCtxRelease_v2(this.#handle);
  }

  #load(program: Program): number {
    if (this.#uploads) this.refuseInCapture(`loads the kernel ${program.key}`);
    const source = program.source();
    const code = this.#cache.fetch(source, this.architecture, this.compiler.version, () =>
      this.compiler.compile(program.key, source, this.architecture),
    );
    const module = this.#read('cuModuleLoadDataEx', (out) => this.driver.cuModuleLoadDataEx(out, code, 0, 0, 0));
    this.#modules.push(module);
    const kernel = this.#read('cuModuleGetFunction', (out) => this.driver.cuModuleGetFunction(out, module, 'k'));
    this.#kernels.set(program.key, kernel);
    return kernel;
  }

  #read(call: string, run: (out: BigUint64Array) => number): number {
    this.check(run(this.#out), call);
    return Number(this.#out[0]);
  }

  #readInt(call: string, run: (out: Int32Array) => number): number {
    this.check(run(this.#outInt), call);
    return this.#outInt[0]!;
  }

  #readName(): string {
    const bytes = new Uint8Array(256);
    this.check(this.driver.cuDeviceGetName(bytes, bytes.length, this.#handle), 'cuDeviceGetName');
    return new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0)));
  }
}

/** A driver loads code of compilers up to its own major version. */
function requireDriver(driverVersion: number, compilerVersion: string, libraries: CudaLibraries): void {
  const oldest = 12000;
  const compilerMajor = Number(compilerVersion.split('.')[0]);
  const have = `${Math.floor(driverVersion / 1000)}.${Math.floor((driverVersion % 1000) / 10)}`;
  const [driver, nvrtc] = [libraries.driver.path, libraries.nvrtc.path];
  const details = { driverVersion, compilerVersion, driver, nvrtc };
  if (driverVersion < oldest) {
    throw new GlidError(
      'GLID_BACKEND_UNAVAILABLE',
      `The NVIDIA driver (${driver}) serves CUDA ${have}; 12.0 is the oldest.`,
      {
        fix: 'Update the NVIDIA driver, or use another backend.',
        details,
      },
    );
  }
  if (Math.floor(driverVersion / 1000) < compilerMajor) {
    throw new GlidError(
      'GLID_BACKEND_UNAVAILABLE',
      `The NVIDIA driver (${driver}) serves CUDA ${have}, and NVRTC ${compilerVersion} (${nvrtc}) makes code that it cannot load.`,
      {
        fix: `Update the driver, or install NVRTC ${have.split('.')[0]} and name its folder in GLID_CUDA_LIBS.`,
        details,
      },
    );
  }
}
