import type { KernelBackend, NamedTensorInfoMap, TensorInfo } from '@tensorflow/tfjs-core';
import { launcherOf } from '../launch/launcher.ts';
import { replaceKernel } from './replace-kernel.ts';

/** Stock: one buffer a term, and the device refuses more than it has (8 are promised, 16 usual). Long sums are taken in parts. */
export function correctAddN(): void {
  replaceKernel('AddN', (stock) => (args) => {
    const most = launcherOf(args.backend).maxBuffers - 1;
    const add = (terms: readonly TensorInfo[]): TensorInfo =>
      stock({ ...args, inputs: terms as unknown as NamedTensorInfoMap }) as TensorInfo;
    const terms = args.inputs as unknown as readonly TensorInfo[];
    let [partial, rest] = [add(terms.slice(0, most)), terms.slice(most)];
    while (rest.length > 0) {
      const longer = add([partial, ...rest.slice(0, most - 1)]);
      (args.backend as KernelBackend).disposeData(partial.dataId);
      [partial, rest] = [longer, rest.slice(most - 1)];
    }
    return partial;
  });
}
