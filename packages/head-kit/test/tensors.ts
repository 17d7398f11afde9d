import '@glid/ops/gradients';
import '@tensorflow/tfjs-backend-cpu';
import type { Fixture } from '@glid/test-utils';
import {
  dispose,
  enableProdMode,
  grads,
  memory,
  type Scalar,
  setBackend,
  type Tensor,
  tensor,
} from '@tensorflow/tfjs-core';
import { expect } from 'vitest';

export async function useCpu(): Promise<void> {
  enableProdMode();
  expect(await setBackend('cpu')).toBe(true);
}

export function inputOf(fixture: Fixture, name: string): Tensor {
  const { data, shape, dtype } = fixture.tensor(name);
  return tensor(data, [...shape], dtype === 'F32' ? 'float32' : 'int32');
}

/** A loss and its gradients on the host; everything made on the way is disposed, and a leak is an error. */
export function valueAndGradients(
  loss: (...inputs: Tensor[]) => Scalar,
  ...inputs: Tensor[]
): { value: number; gradients: Float32Array[] } {
  const value = loss(...inputs);
  const slopes = grads((...x: Tensor[]) => loss(...x))(inputs);
  const result = {
    value: value.dataSync()[0]!,
    gradients: slopes.map((g, k) => {
      expect(g.shape).toEqual(inputs[k]!.shape);
      return g.dataSync() as Float32Array;
    }),
  };
  dispose([value, slopes]);
  return result;
}

/** Largest difference between the gradient and central differences at some places, relative to the gradient's largest entry. */
export function differenceToSlopes(
  loss: (x: Tensor) => Scalar,
  x: Tensor,
  places: readonly number[],
  step = 1e-2,
): number {
  const { gradients } = valueAndGradients(loss, x);
  const analytic = gradients[0]!;
  const base = Float32Array.from(x.dataSync());
  const scale = analytic.reduce((a, b) => Math.max(a, Math.abs(b)), 1e-6);
  let worst = 0;
  for (const i of places) {
    const at = (delta: number): number => {
      const moved = base.slice();
      moved[i] = moved[i]! + delta;
      const t = tensor(moved, x.shape);
      const y = loss(t);
      const value = y.dataSync()[0]!;
      dispose([t, y]);
      return value;
    };
    const slope = (8 * (at(step) - at(-step)) - (at(2 * step) - at(-2 * step))) / (12 * step);
    worst = Math.max(worst, Math.abs(slope - analytic[i]!) / scale);
  }
  return worst;
}

/** Tensors alive after minus before; the results of `run` count when it does not dispose them. */
export function leaked(run: () => void): number {
  const before = memory().numTensors;
  run();
  return memory().numTensors - before;
}

export const relative = (got: number, expected: number): number =>
  Math.abs(got - expected) / Math.max(1e-12, Math.abs(expected));
