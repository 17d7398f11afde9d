import { disposeConstants } from '@glid/ops';
import { setBackend } from '@tensorflow/tfjs-core';
import { type CudaGlidBackend, type CudaOptions, cuda } from '../src/index.ts';
import { keepSource } from './kernel-sources.ts';
import { recordSources } from './record-sources.ts';
import { openSimulator, type SimulatorControl } from './simulator.ts';

// What runs on the simulator goes to NVIDIA's compilers at the end.
recordSources(keepSource);

export interface Simulated {
  readonly backend: CudaGlidBackend;
  readonly simulator: SimulatorControl;
  dispose(): Promise<void>;
}

/** The backend on the simulator, active, with exact products and no disk cache unless told otherwise. */
export async function simulatedBackend(options: CudaOptions = {}): Promise<Simulated> {
  const simulator = await openSimulator();
  const candidate = cuda({ libraries: [simulator.path], precision: 'float32', cacheFolder: false, ...options });
  const backend = await candidate.create();
  if (!(await setBackend('cuda'))) throw new Error('the backend does not start');
  return {
    backend,
    simulator,
    async dispose() {
      disposeConstants();
      await backend.dispose();
    },
  };
}
