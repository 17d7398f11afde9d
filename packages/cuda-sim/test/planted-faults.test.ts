import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Device } from '../../backend-cuda/src/runtime/device.ts';
import { type Program, program } from '../../backend-cuda/src/runtime/program.ts';
import {
  openDevice,
  openSimulator,
  type SimulatorControl,
  withoutCompiler,
} from '../../backend-cuda/test/simulator.ts';

const one = { grid: [1], block: [1] } as const;
const warp = { grid: [1], block: [32] } as const;
const threads = 256;
const values = Float32Array.from({ length: threads }, (_, i) => i % 7);
const total = values.reduce((a, b) => a + b);

/** The sum of a block's values, with its barriers given. */
const blockSum = (name: string, first: string, later: string, scope = ''): Program =>
  program(
    `sum ${name}`,
    'const float* x, float* y',
    `  __shared__ float s[${threads}];
  int t = threadIdx.x;
  s[t] = x[t];
  ${first}
  for (int half = ${threads / 2}; half > 0; half >>= 1) {
    if (t < half) s[t] += s[t + half];
    ${later}
  }
  if (t == 0) y[0] = s[0];${scope}`,
  );

describe.skipIf(withoutCompiler)('planted faults (needs g++)', () => {
  let simulator: SimulatorControl;
  let device: Device;
  let x: number;
  let y: number;

  beforeAll(async () => {
    simulator = await openSimulator();
    device = await openDevice(simulator);
    x = device.allocate(values.byteLength)!;
    y = device.allocate(4)!;
    device.upload(x, values);
  });

  beforeEach(() => {
    simulator.reset();
    simulator.set('ORDER', 0);
  });

  const read = (from: number): number => {
    const out = new Float32Array(1);
    device.download(out, from);
    return out[0]!;
  };
  const sumWith = (kernel: Program, order: number): number => {
    simulator.set('ORDER', order);
    device.launch(kernel, [x, y], { grid: [1], block: [threads] });
    return read(y);
  };
  const launch = (kernel: Program, args: number[], geometry: Parameters<Device['launch']>[2] = warp) => {
    return () => {
      device.launch(kernel, args, geometry);
      device.synchronize();
    };
  };
  const noop = program('noop', 'float* x', '');

  it('none: a right kernel passes in every order', () => {
    const kernel = blockSum('right', '__syncthreads();', '__syncthreads();');
    for (const order of [0, 1, 77]) expect(sumWith(kernel, order)).toBe(total);
  });

  it.each([
    ['before the first read', blockSum('no first barrier', '', '__syncthreads();')],
    ['between the steps', blockSum('no later barrier', '__syncthreads();', '')],
  ])('a barrier missing %s gives a wrong value in at least one of three orders', (_, kernel) => {
    const sums = [0, 1, 77].map((order) => sumWith(kernel, order));
    expect(sums.some((sum) => sum !== total)).toBe(true);
  });

  it('a write behind an allocation', () => {
    const kernel = program('write outside', 'float* x, int n', '  x[threadIdx.x + n] = 1.0f;');
    expect(launch(kernel, [x, threads])).toThrow(/ILLEGAL_ADDRESS.*illegal address .* kernel k/s);
  });

  it('a write behind dynamic shared memory', () => {
    const body = '  extern __shared__ float s[];\n  s[threadIdx.x + 1] = x[0];\n  x[0] = s[1];';
    const kernel = program('shared overrun', 'float* x', body);
    expect(launch(kernel, [x], { ...warp, shared: 128 })).toThrow(/ILLEGAL_ADDRESS/);
  });

  it('memory used after it was freed', () => {
    const freed = device.allocate(1024)!;
    device.free(freed);
    const kernel = program('use after free', 'float* x', '  x[threadIdx.x] = 1.0f;');
    expect(launch(kernel, [freed])).toThrow(/argument 0 of kernel k points at no device memory/);
  });

  it('an address of the host', () => {
    expect(launch(noop, [4096 * 1024])).toThrow(/points at no device memory/);
  });

  it('a fault stays until the device is reset', () => {
    expect(launch(noop, [4096])).toThrow(/ILLEGAL_ADDRESS/);
    expect(launch(noop, [x])).toThrow(expect.objectContaining({ code: 'GLID_DEVICE_LOST' }));
    simulator.reset();
    expect(launch(noop, [x])).not.toThrow();
  });

  it('a barrier that half of the threads pass by', () => {
    const body = `  if (threadIdx.x < 16) __syncthreads();
  else x[0] = __shfl_sync(0xffffffffu, 1.0f, 0);`;
    expect(launch(program('divergent', 'float* x', body), [x])).toThrow(/LAUNCH_FAILED.*divergent barrier/s);
  });

  it('a shuffle in which a lane of the mask is missing', () => {
    const body = '  if (threadIdx.x < 31) x[threadIdx.x] = __shfl_xor_sync(0xffffffffu, 1.0f, 1);';
    expect(launch(program('missing lane', 'float* x', body), [x])).toThrow(/LAUNCH_FAILED/);
  });

  it('device memory that was never written', () => {
    const fresh = device.allocate(1024)!;
    device.launch(program('unwritten', 'const float* x, float* y', '  y[0] = x[3];'), [fresh, y], one);
    expect(read(y)).toBeNaN();
    device.free(fresh);
  });

  it('shared memory that was never written, in the second block too', () => {
    const body = `  __shared__ float s[32];
  if (blockIdx.x == 0) s[threadIdx.x] = 1.0f;
  __syncthreads();
  if (blockIdx.x == 1 && threadIdx.x == 0) y[0] = s[3];`;
    device.launch(program('unwritten shared', 'float* y', body), [y], { grid: [2], block: [32] });
    expect(read(y)).toBeNaN();
  });

  it.each([
    ['too few', 'pp'],
    ['too many', 'ppii'],
  ])('%s arguments', (_, signature) => {
    const right = program(`arguments ${signature}`, 'const float* x, float* y, int n', '');
    expect(launch({ ...right, signature }, [x, y, 1, 1])).toThrow(/argument buffer of kernel k has \d+ bytes/);
  });

  it.each([
    ['a block of 2048 threads', { grid: [1], block: [2048] }],
    ['a grid 65536 high', { grid: [1, 65536], block: [1] }],
    ['no blocks', { grid: [0], block: [1] }],
    ['64 KiB of dynamic shared memory', { grid: [1], block: [32], shared: 64 << 10 }],
  ] as const)('%s', (_, geometry) => {
    expect(launch(noop, [x], geometry)).toThrow(expect.objectContaining({ code: 'GLID_DEVICE_ERROR' }));
  });

  it('static shared memory above 48 KiB', () => {
    const body =
      '  __shared__ float s[16384];\n  s[threadIdx.x] = x[0];\n  __syncthreads();\n  x[1] = s[31 - threadIdx.x];';
    expect(launch(program('large shared', 'float* x', body), [x])).toThrow(/exceed 48 KiB/);
  });

  it('a compile error, with the log', () => {
    expect(launch(program('does not compile', 'float* x', '  nosuch = 1;'), [x])).toThrow(/does not compile.*nosuch/s);
  });

  it('a copy beyond an allocation, a double free, an allocation of nothing', () => {
    expect(() => device.upload(y, new Float32Array(2))).toThrow(/no device allocation/);
    const once = device.allocate(16)!;
    device.free(once);
    expect(() => device.free(once)).toThrow(/unknown address/);
    expect(() => device.allocate(0)).toThrow(/0 bytes/);
  });

  it('an allocation while a stream captures', async () => {
    const { loadKoffi } = await import('../../backend-cuda/src/ffi/koffi.ts');
    const library = (await loadKoffi()).open(simulator.path);
    const begin = library.bind('cuStreamBeginCapture_v2', ['u64', 'i32'])!;
    const end = library.bind('cuStreamEndCapture', ['u64', 'buffer'])!;
    expect(begin(device.stream, 0)).toBe(0);
    try {
      expect(() => device.allocate(64)).toThrow(/CAPTURE_UNSUPPORTED/);
      expect(() => device.synchronize()).toThrow(/CAPTURE_UNSUPPORTED/);
    } finally {
      // What was refused has broken the capture (CUDA_ERROR_STREAM_CAPTURE_INVALIDATED).
      expect(end(device.stream, new BigUint64Array(1))).toBe(901);
    }
    expect(() => device.synchronize()).not.toThrow();
  });

  it.each(['a copy', 'a kernel'])('%s of a graph on memory that was freed after the capture', (what) => {
    const kernel = program('writes', 'float* x', '  x[threadIdx.x] = 1.0f;');
    launch(kernel, [x])();
    const target = device.allocate(1024)!;
    const graph = device.capture(() => {
      if (what === 'a copy') device.copy(target, x, 128);
      else device.launch(kernel, [target], warp);
    });
    device.launchGraph(graph);
    device.free(target);
    expect(() => device.launchGraph(graph)).toThrow(/ILLEGAL_ADDRESS/);
  });
});
