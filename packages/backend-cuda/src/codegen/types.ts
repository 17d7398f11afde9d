import { GlidError } from '@glid/base';
import type { DataType, TensorInfo } from '@tensorflow/tfjs-core';

export type HostValues = Float32Array | Int32Array | Uint8Array;

const cTypes: Partial<Record<DataType, string>> = { float32: 'float', int32: 'int', bool: 'unsigned char' };

/** The C type of a tensor's elements, for code that computes with them. Throws `GLID_USAGE` for strings and complex numbers. */
export function cType(dtype: DataType): string {
  return cTypes[dtype] ?? refuse(dtype);
}

/** The C type for code that only moves elements, or that knows complex numbers: `float2`, real part first. */
export function storageType(dtype: DataType): string {
  return dtype === 'complex64' ? 'float2' : cType(dtype);
}

export function bytesOf(dtype: DataType): number {
  if (dtype === 'complex64') return 8;
  if (cTypes[dtype] === undefined) refuse(dtype);
  return dtype === 'bool' ? 1 : 4;
}

/** Complex numbers lie as pairs, real part first. */
export function hostArray(dtype: DataType, count: number): HostValues {
  if (dtype === 'float32') return new Float32Array(count);
  if (dtype === 'complex64') return new Float32Array(2 * count);
  if (dtype === 'int32') return new Int32Array(count);
  return dtype === 'bool' ? new Uint8Array(count) : refuse(dtype);
}

/** For kernels whose text knows float alone: others would be read as floats. Throws `GLID_USAGE`. */
export function requireFloats(...tensors: readonly TensorInfo[]): void {
  for (const { dtype } of tensors) if (dtype !== 'float32') refuse(dtype);
}

function refuse(dtype: DataType): never {
  throw new GlidError('GLID_USAGE', `This operation on the CUDA backend takes no tensors of type ${dtype}.`, {
    fix: 'Cast to float32 first, or to int32 or bool where it takes them.',
  });
}
