import type { TensorInfo } from '@tensorflow/tfjs-core';
import { Identity } from '@tensorflow/tfjs-core';
import { replaceKernel } from '../register.ts';

/** Another reference to the same data, as in every other backend; stock copies. No kernel writes into its inputs. */
export function registerIdentity(): void {
  replaceKernel<{ x: TensorInfo }>(Identity, () => (context, { x }) => {
    context.backend.incRef(x.dataId);
    return { dataId: x.dataId, shape: x.shape, dtype: x.dtype };
  });
}
