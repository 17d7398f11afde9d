import { buildSimulator, findCompiler } from '@glid/cuda-sim';
import { findLibraries } from '../src/ffi/find-libraries.ts';
import { loadKoffi } from '../src/ffi/koffi.ts';
import { CodeCache } from '../src/runtime/code-cache.ts';
import { Device } from '../src/runtime/device.ts';

export const withoutCompiler = findCompiler() === undefined;
if (withoutCompiler) console.warn('skipped: the CUDA simulator needs g++');

/** The simulator's own functions. */
export interface SimulatorControl {
  readonly path: string;
  set(name: string, value: number): void;
  /** From now on every call returns `code`. */
  lose(code: number): void;
  /** Forgets a fault. */
  reset(): void;
  counters(): Record<'launches' | 'products' | 'compiles' | 'cacheHits' | 'allocations' | 'bytesInUse', number>;
}

export async function openSimulator(): Promise<SimulatorControl> {
  const path = await buildSimulator();
  const library = (await loadKoffi()).open(path);
  const set = library.bind('cudasimSet', ['string', 'i32'])!;
  const lose = library.bind('cudasimLose', ['i32'])!;
  const reset = library.bind('cudasimReset', [])!;
  const counters = library.bind('cudasimCounters', ['buffer'])!;
  return {
    path,
    set(name, value) {
      if (set(name, value) !== 0) throw new Error(`the simulator has no setting ${name}`);
    },
    lose: (code) => void lose(code),
    reset: () => void reset(),
    counters() {
      const out = new BigUint64Array(6);
      counters(out);
      const [launches, products, compiles, cacheHits, allocations, bytesInUse] = Array.from(out, Number) as number[];
      return { launches, products, compiles, cacheHits, allocations, bytesInUse } as ReturnType<
        SimulatorControl['counters']
      >;
    },
  };
}

export async function openDevice(simulator: SimulatorControl): Promise<Device> {
  const ffi = await loadKoffi();
  return new Device(ffi, findLibraries(ffi, [simulator.path]), 0, new CodeCache(undefined));
}
