import { concat, engine, reshape, slice, type Tensor, type TensorInfo, tensor, tidy } from '@tensorflow/tfjs-core';
import type { Collectives } from './collectives.ts';

/** Floats exchanged at once: 16 MiB, so that a large model needs no second copy of itself on the host. */
const bucketLength = 4 * 1024 * 1024;

/**
 * Sums tensors and a few numbers over the ranks, in flat buckets. Returns new tensors of the same shapes; the given ones are
 * disposed. With one rank nothing is moved and the same tensors are returned.
 */
export async function sumOverRanks(
  collectives: Collectives,
  tensors: readonly Tensor[],
  numbers: readonly number[],
  length: number = bucketLength,
): Promise<{ tensors: readonly Tensor[]; numbers: readonly number[] }> {
  if (collectives.size === 1) return { tensors, numbers };
  const { onDevice } = collectives;
  if (onDevice) {
    const cell = Float32Array.from(numbers);
    await collectives.allReduceSum(cell);
    return {
      tensors: throughDeviceBuckets(tensors, length, (bucket) => onDevice.allReduceSum(bucket)),
      numbers: Array.from(cell),
    };
  }
  const values = await throughBuckets(tensors, numbers, length, (bucket) => collectives.allReduceSum(bucket));
  return { tensors: replaceAll(tensors, values), numbers: Array.from(values.at(-1)!) };
}

/** Gives every rank rank 0's tensors; the given ones are disposed where there is more than one rank. */
export async function fromRankZero(
  collectives: Collectives,
  tensors: readonly Tensor[],
  length: number = bucketLength,
): Promise<readonly Tensor[]> {
  if (collectives.size === 1) return tensors;
  const { onDevice } = collectives;
  if (onDevice) return throughDeviceBuckets(tensors, length, (bucket) => onDevice.broadcast(bucket, 0));
  const values = await throughBuckets(tensors, [], length, (bucket) => collectives.broadcast(bucket, 0));
  return replaceAll(tensors, values);
}

/** As `throughBuckets`, without leaving the device: whole tensors, side by side in buckets of about `length` floats. Disposes the given ones. */
function throughDeviceBuckets(
  tensors: readonly Tensor[],
  length: number,
  exchange: (bucket: Tensor) => TensorInfo,
): Tensor[] {
  const results: Tensor[] = [];
  for (let from = 0; from < tensors.length; ) {
    let [to, size] = [from + 1, tensors[from]!.size];
    while (to < tensors.length && size + tensors[to]!.size <= length) size += tensors[to++]!.size;
    const part = tensors.slice(from, to);
    const exchanged = tidy(() => {
      const flat = part.map((t) => reshape(t, [t.size]));
      const bucket = engine().makeTensorFromTensorInfo(exchange(flat.length === 1 ? flat[0]! : concat(flat)));
      let at = 0;
      return part.map((t) => {
        at += t.size;
        return reshape(slice(bucket, [at - t.size], [t.size]), t.shape);
      });
    });
    results.push(...exchanged);
    for (const old of part) old.dispose();
    from = to;
  }
  return results;
}

function replaceAll(tensors: readonly Tensor[], values: readonly Float32Array[]): Tensor[] {
  return tensors.map((old, i) => {
    const shape = old.shape;
    old.dispose();
    return tensor(values[i]!, shape, 'float32');
  });
}

/** Packs everything into buckets of at most `length` floats, applies `exchange` to each, and unpacks; numbers come last. */
async function throughBuckets(
  tensors: readonly Tensor[],
  numbers: readonly number[],
  length: number,
  exchange: (bucket: Float32Array) => Promise<void> | void,
): Promise<Float32Array[]> {
  const read = await Promise.all(tensors.map((t) => t.data() as Promise<Float32Array>));
  const values = [...read.map((data) => data.slice()), Float32Array.from(numbers)];
  const total = values.reduce((sum, data) => sum + data.length, 0);
  const bucket = new Float32Array(Math.min(length, total));
  let pending: { target: Float32Array; at: number }[] = [];
  let filled = 0;
  const flush = async (): Promise<void> => {
    await exchange(bucket.subarray(0, filled));
    for (const { target, at } of pending) target.set(bucket.subarray(at, at + target.length));
    pending = [];
    filled = 0;
  };
  for (const data of values) {
    for (let from = 0; from < data.length; ) {
      const part = data.subarray(from, from + bucket.length - filled);
      bucket.set(part, filled);
      pending.push({ target: part, at: filled });
      filled += part.length;
      from += part.length;
      if (filled === bucket.length) await flush();
    }
  }
  if (filled > 0) await flush();
  return values;
}
