import '@glid/ops/gradients';
import { GlidError } from '@glid/base';
import { gelu, linear } from '@glid/ops';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import type { Tensor, TypedArray } from '@tensorflow/tfjs-core';
import {
  add,
  enableProdMode,
  engine,
  grads,
  matMul,
  ones,
  randomNormal,
  setBackend,
  sum,
  tensor1d,
  tidy,
  zeros,
} from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Heap } from '../src/heap.ts';
import { type WasmBackend, wasm } from '../src/index.ts';
import { corrections } from './corrections.ts';

enableProdMode();
const mebibyte = 2 ** 20;

describe('Heap', () => {
  /** An allocator that replaces its functions at the first call, as emscripten's stubs do, and fails when `full`. */
  function allocator(): { _malloc(n: number): number; _free(p: number): void; full: boolean; freed: number[] } {
    let next = 16;
    const self = {
      full: false,
      freed: [] as number[],
      _malloc(bytes: number): number {
        self._malloc = (n) => {
          if (self.full) return 0;
          next += n;
          // Above 2 GiB emscripten hands out negative numbers.
          return (next - n) | 0x80000000;
        };
        return self._malloc(bytes);
      },
      _free(pointer: number): void {
        self._free = (p) => {
          self.freed.push(p);
        };
        self._free(pointer);
      },
    };
    return self;
  }

  it('counts, peaks and gives back, also beyond 2 GiB', () => {
    const inner = allocator();
    const heap = new Heap(inner, 1000);
    const a = inner._malloc(400);
    const b = inner._malloc(500);
    expect([a > 0, heap.bytesInUse]).toEqual([true, 900]);
    inner._free(a);
    // C++ frees by the signed number.
    inner._free(b | 0);
    expect([heap.bytesInUse, heap.peakBytes]).toEqual([0, 900]);
  });

  it('refuses what is over the limit before it asks the module', () => {
    const inner = allocator();
    new Heap(inner, 1000);
    inner._malloc(600);
    expect(() => inner._malloc(401)).toThrow(/Lower the batch size/);
    expect(() => inner._malloc(400)).not.toThrow();
  });

  it('turns a malloc that failed silently into an error', () => {
    const inner = allocator();
    const heap = new Heap(inner, 1000);
    inner.full = true;
    expect(() => inner._malloc(10)).toThrow(GlidError);
    expect(heap.bytesInUse).toBe(0);
  });

  it('lets memory pass that it did not hand out', () => {
    const inner = allocator();
    const heap = new Heap(inner, 1000);
    inner._free(12345);
    expect([inner.freed.at(-1), heap.bytesInUse]).toEqual([12345, 0]);
  });
});

describe('a backend with a limit of 64 MiB', () => {
  let backend: WasmBackend;

  beforeAll(async () => {
    backend = await wasm({ memoryLimitMiB: 64 }).create();
    expect(await setBackend('wasm')).toBe(true);
  });

  afterAll(() => backend.dispose());

  it('refuses with GLID_OUT_OF_MEMORY, leaves other tensors whole and goes on', () => {
    const kept = tensor1d([1, 2, 3]);
    const before = { tensors: engine().memory().numTensors, bytes: backend.bytesInUse() };
    const held: Tensor[] = [];
    const fill = (): void => {
      for (;;) held.push(ones([mebibyte]));
    };
    expect(fill).toThrow(expect.objectContaining({ code: 'GLID_OUT_OF_MEMORY' }));
    expect(held.length).toBeGreaterThan(10);
    expect(held.length).toBeLessThanOrEqual(16);
    for (const t of held) expect(t.dataSync()[mebibyte - 1]).toBe(1);
    for (const t of held) t.dispose();
    expect({ tensors: engine().memory().numTensors, bytes: backend.bytesInUse() }).toEqual(before);
    expect(Array.from(add(kept, 1).dataSync())).toEqual([2, 3, 4]);
    kept.dispose();
  });

  it('cleans up when a kernel is refused in the middle of a tidy', () => {
    const before = { tensors: engine().memory().numTensors, bytes: backend.bytesInUse() };
    expect(() =>
      tidy(() => {
        const x = zeros([7, mebibyte]);
        return add(gelu(x), add(x, 1));
      }),
    ).toThrow(expect.objectContaining({ code: 'GLID_OUT_OF_MEMORY' }));
    expect({ tensors: engine().memory().numTensors, bytes: backend.bytesInUse() }).toEqual(before);
  });

  it('holds nothing after many training steps', () => {
    const x = randomNormal([64, 96]);
    const w = randomNormal([96, 384]);
    const b = randomNormal([384]);
    const step = (): void => {
      const all = tidy(() =>
        grads((x: Tensor, w: Tensor, b: Tensor) => sum(linear(x, w as never, b as never, 'gelu')))([x, w, b]),
      );
      for (const g of all) g.dispose();
    };
    step();
    const before = { tensors: engine().memory().numTensors, bytes: backend.bytesInUse() };
    for (let i = 0; i < 50; i++) step();
    expect({ tensors: engine().memory().numTensors, bytes: backend.bytesInUse() }).toEqual(before);
    for (const t of [x, w, b]) t.dispose();
  });
});

describe('a heap beyond 2 GiB, where addresses no longer fit a signed integer', () => {
  /** Reserves everything below 2 GiB, largest blocks first. Nothing is written: the machine need not have the memory. */
  function reserveLowHalf(): void {
    const { backend } = engine() as unknown as { backend: BackendWasm };
    for (const floats of [2 ** 24, 2 ** 20, 2 ** 16, 2 ** 12, 2 ** 8, 2 ** 4, 1]) {
      for (;;) {
        const block = backend.makeOutput([floats], 'float32');
        if (backend.getMemoryOffset(block.dataId) > 2 ** 31) break;
      }
    }
  }

  it.each(['off', 'auto'] as const)('computes the same, nativeGemm: %s', async (nativeGemm) => {
    const backend = await wasm({ nativeGemm }).create();
    const product = (): TypedArray =>
      tidy(() =>
        matMul(ones([300, 200]), ones([200, 100]))
          .dataSync()
          .slice(),
      );
    const all = (): TypedArray[] => [product(), ...corrections.map((c) => tidy(() => c.run().dataSync().slice()))];
    try {
      expect(await setBackend('wasm')).toBe(true);
      const low = all();
      reserveLowHalf();
      const x = tensor1d([1]);
      expect((engine().backend as BackendWasm).getMemoryOffset(x.dataId)).toBeGreaterThan(2 ** 31);
      expect(all()).toEqual(low);
    } finally {
      await backend.dispose();
    }
  });
});
