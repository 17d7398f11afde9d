import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GlidError } from '@glid/base';
import {
  add,
  enableProdMode,
  engine,
  matMul,
  ones,
  setBackend,
  square,
  type Tensor,
  tensor,
  tidy,
} from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { CudaBackend } from '../src/backend.ts';
import { type CudaLibraries, findLibraries } from '../src/ffi/find-libraries.ts';
import { loadKoffi } from '../src/ffi/koffi.ts';
import type { Ffi, NativeLibrary } from '../src/ffi/port.ts';
import { type CudaGlidBackend, cuda } from '../src/index.ts';
import { CodeCache } from '../src/runtime/code-cache.ts';
import { Device } from '../src/runtime/device.ts';
import { pointwise, program } from '../src/runtime/program.ts';
import { openSimulator, type SimulatorControl, withoutCompiler } from './simulator.ts';

enableProdMode();

/** A machine with the given files, and an interface that opens what `opens` names. */
function machineWith(folders: Record<string, string[]>, env: Record<string, string>, opens: Record<string, string[]>) {
  const opened: string[] = [];
  const ffi: Ffi = {
    open(path): NativeLibrary {
      opened.push(path);
      const functions = opens[path];
      if (functions === undefined) throw new Error(`${path}: cannot open shared object file`);
      return { path, bind: (name) => (functions.includes(name) ? () => 0 : undefined) };
    },
    address: () => 0,
    readString: () => '',
  };
  return { ffi, opened, around: { env, list: (folder: string) => folders[folder] ?? [] } };
}

const driver = { 'libcuda.so.1': ['cuInit'] };

describe('library search', () => {
  it('finds what PyTorch brought along, its newest version, and NVRTC only after the library it opens itself', () => {
    const nvidia = '/venv/lib/python3.12/site-packages/nvidia';
    const { ffi, opened, around } = machineWith(
      {
        '/venv/lib': ['python3.12', 'pkgconfig'],
        [nvidia]: ['cu13'],
        [`${nvidia}/cu13/lib`]: [
          ...['libnvrtc.so.12', 'libnvrtc.so.13', 'libnvrtc-builtins.so.13.0', 'libcublasLt.so.13', 'libcublas.so.13'],
        ],
      },
      { VIRTUAL_ENV: '/venv' },
      {
        ...driver,
        [`${nvidia}/cu13/lib/libnvrtc-builtins.so.13.0`]: [],
        [`${nvidia}/cu13/lib/libnvrtc.so.13`]: ['nvrtcVersion'],
        [`${nvidia}/cu13/lib/libcublasLt.so.13`]: ['cublasLtCreate'],
      },
    );
    const found = findLibraries(ffi, [], around);
    expect(found.nvrtc.path).toBe(`${nvidia}/cu13/lib/libnvrtc.so.13`);
    expect(found.cublasLt.path).toBe(`${nvidia}/cu13/lib/libcublasLt.so.13`);
    expect(opened.at(opened.indexOf(found.nvrtc.path) - 1)).toBe(`${nvidia}/cu13/lib/libnvrtc-builtins.so.13.0`);
  });

  it('looks at given places first, then GLID_CUDA_LIBS, then the loader, then the toolkits', () => {
    const folders = { '/a': ['libnvrtc.so.12'], '/b': ['libnvrtc.so.13'], '/usr/local': ['cuda-12.4', 'cuda-13.0'] };
    const all = {
      ...folders,
      '/usr/local/cuda-12.4/lib64': ['libnvrtc.so'],
      '/usr/local/cuda-13.0/lib64': ['libnvrtc.so'],
    };
    const { ffi, opened, around } = machineWith(all, { GLID_CUDA_LIBS: '/b:/c/libnvrtc.so.11' }, driver);
    expect(() => findLibraries(ffi, ['/a'], around)).toThrow(GlidError);
    const first = opened.indexOf('/a/libnvrtc.so.12');
    const places = opened.slice(first).filter((path) => /nvrtc/.test(path));
    expect(places.slice(0, 6)).toEqual([
      ...['/a/libnvrtc.so.12', '/b/libnvrtc.so.13', '/c/libnvrtc.so.11'],
      ...['libnvrtc.so.13', 'libnvrtc.so.12', 'libnvrtc.so'],
    ]);
    expect(places.filter((place) => /cuda-.*lib64/.test(place))).toEqual([
      ...['/usr/local/cuda-13.0/lib64/libnvrtc.so', '/usr/local/cuda-12.4/lib64/libnvrtc.so'],
    ]);
  });

  it.each([
    ['driver', {}, /libcuda was not found.*libcuda\.so\.1: cannot open.*NVIDIA driver/s],
    [
      'nvrtc',
      driver,
      /libnvrtc was not found.*\/empty\/libnvrtc\.so: .*libnvrtc\.so\.13: .*\/usr\/local\/cuda\/lib64\/libnvrtc\.so: .*pip install nvidia-cuda-nvrtc/s,
    ],
    ['cublasLt', { ...driver, 'libnvrtc.so.12': ['nvrtcVersion'] }, /libcublasLt was not found.*nvidia-cublas/s],
  ] as const)('says everything it tried for a missing %s', (library, opens, message) => {
    const { ffi, around } = machineWith({}, { GLID_CUDA_LIBS: '/empty' }, opens as Record<string, string[]>);
    const find = (): CudaLibraries => findLibraries(ffi, [], around);
    expect(find).toThrow(message);
    expect(find).toThrow(
      expect.objectContaining({ code: 'GLID_BACKEND_UNAVAILABLE', details: { library, tried: expect.any(Array) } }),
    );
  });

  it('passes by a library that is another', () => {
    const { ffi, around } = machineWith({}, {}, { 'libcuda.so.1': ['somethingElse'] });
    expect(() => findLibraries(ffi, [], around)).toThrow(/libcuda\.so\.1: has no cuInit/);
  });
});

describe.skipIf(withoutCompiler)('a device that fails (needs g++)', () => {
  let simulator: SimulatorControl;
  let backend: CudaGlidBackend | undefined;
  const candidate = (options = {}) =>
    cuda({ libraries: [simulator.path], precision: 'float32', cacheFolder: false, ...options });
  const start = async (options = {}): Promise<CudaGlidBackend> => {
    backend = await candidate(options).create();
    expect(await setBackend('cuda')).toBe(true);
    return backend;
  };
  const inner = (): CudaBackend => engine().backend as unknown as CudaBackend;

  beforeAll(async () => {
    simulator = await openSimulator();
  });

  afterEach(async () => {
    simulator.reset();
    for (const [name, value] of Object.entries({
      DEVICES: 1,
      DRIVER: 13000,
      MEMORY_MIB: 4096,
      PENDING: 0,
      INIT: 0,
      EXCLUSIVE: 0,
      OTHERS_MIB: 0,
    })) {
      simulator.set(name, value);
    }
    await backend?.dispose();
    backend = undefined;
  });

  it.each([
    ['no GPU', 'DEVICES', 0, /CUDA_ERROR_NO_DEVICE.*nvidia-smi/],
    ['a driver that is too old', 'DRIVER', 11080, /CUDA 11\.8; 12\.0 is the oldest/],
    ['a driver older than NVRTC', 'DRIVER', 12040, /CUDA 12\.4, and NVRTC 13\.0 \(\/.*\.so\).*install NVRTC 12/],
    [
      'a GPU that another process holds alone',
      'EXCLUSIVE',
      1,
      /DEVICE_UNAVAILABLE, 46.*libcudasim.*nvidia-smi -c DEFAULT/,
    ],
    ['GPUs that are not ready', 'INIT', 802, /SYSTEM_NOT_READY.*fabricmanager/],
    ['a driver of two versions', 'INIT', 803, /DRIVER_MISMATCH.*restart the machine/],
  ] as const)('%s: probe says so, create throws', async (_, setting, value, message) => {
    simulator.set(setting, value);
    expect(await candidate().probe()).toEqual({ ok: false, reason: expect.stringMatching(message) });
    await expect(candidate().create()).rejects.toMatchObject({ code: 'GLID_BACKEND_UNAVAILABLE' });
    expect(await candidate({ device: 0 }).probe()).toMatchObject({ ok: false });
  });

  it('refuses a GPU that is not there, and a second backend', async () => {
    await expect(candidate({ device: 3 }).create()).rejects.toMatchObject({
      code: 'GLID_BACKEND_UNAVAILABLE',
      message: expect.stringMatching(/cuDeviceGet of GPU 3 failed .* The driver is .*libcudasim.*nvidia-smi/),
    });
    expect(await candidate().probe()).toEqual({ ok: true });
    const { description } = await start();
    expect(description).toBe('cudasim (CPU) (sm_90), driver for CUDA 13.0, NVRTC 13.0, products in float32');
    await expect(candidate().create()).rejects.toMatchObject({ code: 'GLID_USAGE' });
  });

  it('out of memory: gives kept blocks back first, then refuses, and goes on', async () => {
    simulator.set('MEMORY_MIB', 64);
    const { bytesInUse, bytesReserved } = await start();
    const mebibytes = (n: number): Tensor => tidy(() => square(ones([n * 2 ** 18])));
    // Kept blocks of all these sizes do not fit together.
    for (let n = 1; n <= 12; n++) mebibytes(2 * n).dispose();
    expect(bytesReserved()).toBeLessThanOrEqual(64 * 2 ** 20);
    const before = bytesInUse();
    const held: Tensor[] = [];
    expect(() => {
      for (let n = 0; n < 40; n++) held.push(mebibytes(4));
    }).toThrow(
      expect.objectContaining({
        code: 'GLID_OUT_OF_MEMORY',
        message: expect.stringMatching(
          /A tensor of 4\.0 MiB does not fit on cudasim \(CPU\): of its 64\.0 MiB, .* in use here.*Lower the batch size/,
        ),
      }),
    );
    expect(held.length).toBeGreaterThanOrEqual(14);
    expect(held.length).toBeLessThanOrEqual(16);
    for (const t of held) t.dispose();
    expect(bytesInUse()).toBe(before);
    expect(Array.from(await square(tensor([1, 2, 3])).data())).toEqual([1, 4, 9]);
  });

  it('out of memory that another process holds: says how much', async () => {
    simulator.set('MEMORY_MIB', 64);
    simulator.set('OTHERS_MIB', 60);
    await start();
    expect(() => square(ones([2 ** 21]))).toThrow(
      expect.objectContaining({
        code: 'GLID_OUT_OF_MEMORY',
        message: expect.stringMatching(
          /of its 64\.0 MiB, .* 60\.0 MiB by the driver and other processes, .*end other programs/,
        ),
      }),
    );
  });

  it('a GPU that other processes fill: does not start, and says so', async () => {
    simulator.set('MEMORY_MIB', 64);
    simulator.set('OTHERS_MIB', 64);
    await expect(candidate().create()).rejects.toMatchObject({
      code: 'GLID_OUT_OF_MEMORY',
      message: expect.stringMatching(
        /cuDevicePrimaryCtxRetain .*OUT_OF_MEMORY, 2.* The driver is .*libcudasim.*end other programs/,
      ),
    });
    expect(await candidate().probe()).toMatchObject({ ok: false });
  });

  it.each([
    ['its memory failed', 214, /ECC_UNCORRECTABLE, 214.* The driver is .*libcudasim.*new process/],
    ['it was reset', 709, /CONTEXT_IS_DESTROYED, 709.* The driver is .*libcudasim.*new process/],
  ])('a device that is lost since %s: a typed error everywhere, and an orderly end', async (_, code, message) => {
    const { lost, dispose } = await start();
    const [kept, y] = [square(ones([2, 2])), square(ones([4]))];
    simulator.lose(code);
    const typed = expect.objectContaining({ code: 'GLID_DEVICE_LOST', message: expect.stringMatching(message) });
    expect(() => square(kept)).toThrow(typed);
    expect(() => matMul(kept, kept)).toThrow(typed);
    expect(() => y.dataSync()).toThrow(typed);
    await expect(y.data()).rejects.toEqual(typed);
    await expect(lost).resolves.toEqual(typed);
    await expect(dispose()).resolves.toBeUndefined();
    backend = undefined;
    // As in a new process.
    simulator.reset();
    await start();
    expect(Array.from(await square(tensor([3])).data())).toEqual([9]);
  });

  it('a kernel that faults: a typed error, `lost` resolves, later calls fail too', async () => {
    const { lost } = await start();
    const y = square(ones([4]));
    // Tensors this small occupy 512 bytes.
    const wild = pointwise('wild', 'float* xs', '    xs[i + 128] = 1.0f;');
    expect(() => inner().run(wild, 32, [inner().pointer(y)])).toThrow(
      expect.objectContaining({
        code: 'GLID_DEVICE_LOST',
        message: expect.stringMatching(
          /Launching wild failed with CUDA_ERROR_ILLEGAL_ADDRESS, 700.* The driver is .*CUDA_LAUNCH_BLOCKING=1.*new process/,
        ),
      }),
    );
    expect(GlidError.isInstance(await lost, 'GLID_DEVICE_LOST')).toBe(true);
    expect(() => y.dataSync()).toThrow(/ILLEGAL_ADDRESS/);
    await expect(y.data()).rejects.toMatchObject({ code: 'GLID_DEVICE_LOST' });
    expect(() => matMul(ones([2, 2]), ones([2, 2]))).toThrow(expect.objectContaining({ code: 'GLID_DEVICE_LOST' }));
    simulator.reset();
  });

  it('a kernel that does not compile', async () => {
    await start();
    const broken = program('broken', 'int n', '  nosuch = 1;');
    expect(() => inner().device.launch(broken, [1], { grid: [1], block: [1] })).toThrow(
      expect.objectContaining({
        code: 'GLID_DEVICE_ERROR',
        message: expect.stringMatching(/NVRTC 13\.0 \(\/.*\) refuses.*nosuch/s),
      }),
    );
  });

  it('reads without holding up the event loop, also a tensor that is disposed meanwhile', async () => {
    const { bytesInUse } = await start();
    simulator.set('PENDING', 20);
    let turns = 0;
    const count = (): void => {
      turns++;
      if (reading) setImmediate(count);
    };
    let reading = true;
    const before = bytesInUse();
    const y = add(square(tensor([1, 2, 3])), 1);
    const values = y.data();
    y.dispose();
    setImmediate(count);
    expect(Array.from(await values)).toEqual([2, 5, 10]);
    reading = false;
    expect(turns).toBeGreaterThan(10);
    expect(bytesInUse()).toBeLessThanOrEqual(before + 1024);
  });

  it('keeps compiled kernels on disk, by compiler version too', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'glid-cuda-'));
    try {
      const ffi = await loadKoffi();
      const run = (cache: CodeCache): void => {
        const device = new Device(ffi, findLibraries(ffi, [simulator.path]), 0, cache);
        const before = simulator.counters();
        const at = device.allocate(4)!;
        device.launch(pointwise('cached', 'float* xs', '    xs[i] = 2.0f;'), [1, at], { grid: [1], block: [32] });
        device.free(at);
        const { compiles, cacheHits } = simulator.counters();
        asked.push(compiles + cacheHits - before.compiles - before.cacheHits);
        device.dispose();
      };
      const asked: number[] = [];
      run(new CodeCache(folder));
      run(new CodeCache(folder));
      expect(asked).toEqual([1, 0]);
      const [file] = readdirSync(folder);
      expect(readdirSync(folder)).toEqual([expect.stringMatching(/^[0-9a-f]{64}\.cubin$/)]);
      new CodeCache(folder).fetch('other', 'sm_90', '13.0', () => new Uint8Array([1]));
      new CodeCache(folder).fetch('other', 'sm_90', '13.1', () => new Uint8Array([2]));
      new CodeCache(folder).fetch('other', 'sm_80', '13.0', () => new Uint8Array([3]));
      expect(readdirSync(folder)).toHaveLength(4);
      expect(readdirSync(folder)).toContain(file);
      // A folder that cannot be written is no reason to fail.
      expect(new CodeCache('/dev/null/no').fetch('x', 'sm_90', '13.0', () => new Uint8Array([4]))).toEqual(
        new Uint8Array([4]),
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
