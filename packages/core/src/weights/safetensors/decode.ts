import { fromBfloatBits, fromHalfBits } from '@glid/base';
import type { HostArray } from '@glid/head-kit';
import { checkpointError } from '../checkpoint-error.ts';
import type { SafetensorsType } from './data-types.ts';

import type { TensorEntry } from './header.ts';
import { firstNonFinite } from './non-finite.ts';

/** What to do with NaN and infinities in floating-point weights. */
export type NonFinitePolicy = 'error' | 'allow';

/**
 * A tensor's values on the host: floats as Float32Array, integers as Int32Array, U8 and BOOL as Uint8Array. F32, I32 and U8 are views of
 * the file's bytes where those are aligned (do not write to them); everything else is a copy.
 */
export function decodeTensor(
  bytes: Uint8Array,
  entry: TensorEntry,
  file: string,
  nonFinite: NonFinitePolicy,
): HostArray {
  const data = decodeData(bytes, entry, file);
  if (data instanceof Float32Array && nonFinite === 'error') {
    const at = firstNonFinite(data);
    if (at >= 0) {
      throw checkpointError(`element ${at} is ${data[at]}`, {
        file,
        tensor: entry.name,
        fix: "Use a checkpoint from before the run diverged, or pass nonFinite: 'allow' to look at it.",
        details: { index: at },
      });
    }
  }
  return { data, shape: entry.shape };
}

function decodeData(bytes: Uint8Array, entry: TensorEntry, file: string): HostArray['data'] {
  const raw = bytes.subarray(entry.start, entry.end);
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  switch (entry.type) {
    case 'F32': {
      const { buffer, offset } = aligned(raw);
      return new Float32Array(buffer, offset, raw.length / 4);
    }
    case 'I32': {
      const { buffer, offset } = aligned(raw);
      return new Int32Array(buffer, offset, raw.length / 4);
    }
    case 'U8':
    case 'BOOL':
      return raw;
    case 'F16': {
      const out = new Float32Array(raw.length / 2);
      for (let i = 0; i < out.length; i++) out[i] = fromHalfBits(view.getUint16(2 * i, true));
      return out;
    }
    case 'BF16': {
      const out = new Float32Array(raw.length / 2);
      for (let i = 0; i < out.length; i++) out[i] = fromBfloatBits(view.getUint16(2 * i, true));
      return out;
    }
    case 'F64': {
      const out = new Float32Array(raw.length / 8);
      for (let i = 0; i < out.length; i++) out[i] = view.getFloat64(8 * i, true);
      return out;
    }
    default:
      return decodeIntegers(view, entry.type, entry.name, file);
  }
}

function decodeIntegers(view: DataView, type: SafetensorsType, tensor: string, file: string): Int32Array {
  const size = type.endsWith('64') ? 8 : type.endsWith('32') ? 4 : type.endsWith('16') ? 2 : 1;
  const out = new Int32Array(view.byteLength / size);
  for (let i = 0; i < out.length; i++) {
    const value = readInteger(view, type, i * size);
    out[i] = value;
    if (out[i] !== value) {
      throw checkpointError(`element ${i}, ${value}, does not fit 32 bits`, {
        file,
        tensor,
        fix: 'Store the tensor as I32.',
      });
    }
  }
  return out;
}

function readInteger(view: DataView, type: SafetensorsType, offset: number): number {
  switch (type) {
    case 'I64':
      return Number(view.getBigInt64(offset, true));
    case 'U64':
      return Number(view.getBigUint64(offset, true));
    case 'U32':
      return view.getUint32(offset, true);
    case 'I16':
      return view.getInt16(offset, true);
    case 'U16':
      return view.getUint16(offset, true);
    default:
      return view.getInt8(offset);
  }
}

/** The same bytes at an offset that a 4-byte view accepts: copied only when they lie awkwardly. */
function aligned(raw: Uint8Array): { buffer: ArrayBufferLike; offset: number } {
  if (raw.byteOffset % 4 === 0) return { buffer: raw.buffer, offset: raw.byteOffset };
  return { buffer: raw.slice().buffer, offset: 0 };
}
