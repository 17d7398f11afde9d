import { GlidError } from '@glid/base';
import type { DataType } from '@tensorflow/tfjs-core';

export type HostValues = Float32Array | Int32Array | Uint8Array;

const cTypes: Partial<Record<DataType, string>> = { float32: 'float', int32: 'int', bool: 'unsigned char' };

/** The C type of a tensor's elements. Throws `GLID_USAGE` for strings and complex numbers. */
export function cType(dtype: DataType): string {
  return cTypes[dtype] ?? refuse(dtype);
}

export function bytesOf(dtype: DataType): number {
  if (cTypes[dtype] === undefined) refuse(dtype);
  return dtype === 'bool' ? 1 : 4;
}

export function hostArray(dtype: DataType, count: number): HostValues {
  if (dtype === 'float32') return new Float32Array(count);
  if (dtype === 'int32') return new Int32Array(count);
  return dtype === 'bool' ? new Uint8Array(count) : refuse(dtype);
}

function refuse(dtype: DataType): never {
  throw new GlidError('GLID_USAGE', `The CUDA backend has no kernels for tensors of type ${dtype}.`, {
    fix: 'Use float32, int32 or bool.',
  });
}
