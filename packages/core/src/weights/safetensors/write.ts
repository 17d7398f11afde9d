import { toBfloatBits, toHalfBits } from '@glid/base';
import type { HostArray } from '@glid/head-kit';
import { checkpointError } from '../checkpoint-error.ts';
import { bytesPerElement, type SafetensorsType } from './data-types.ts';

import { headerLimits } from './header.ts';
import { firstNonFinite } from './non-finite.ts';
import { isSafeName } from './safe-names.ts';

/** How float32 values are stored. */
export type FloatStorage = 'f32' | 'f16' | 'bf16';

export interface WriteSafetensorsOptions {
  /** Storage of Float32Array tensors, `f32` by default; `f16` and `bf16` round to nearest, ties to even. */
  readonly storage?: FloatStorage;
  readonly metadata?: ReadonlyMap<string, string>;
  /** How messages name the file. */
  readonly file?: string;
}

/**
 * Writes a safetensors file. Equal input gives equal bytes: wide element types first, then names in code-unit order, so that every tensor
 * is aligned to its element size; the header is padded to 8 bytes. Float32Array is stored as `storage` says, Int32Array as I32,
 * Uint8Array as U8. Throws `GLID_CHECKPOINT` for unsafe names, wrong lengths, non-finite values and f16/bf16 overflow.
 */
export function writeSafetensors(
  tensors: ReadonlyMap<string, HostArray>,
  options: WriteSafetensorsOptions = {},
): Uint8Array<ArrayBuffer> {
  const file = options.file ?? 'safetensors file';
  const storage = options.storage ?? 'f32';
  const items = [...tensors].map(([name, tensor]) => {
    checkTensor(name, tensor, file);
    const type = storedType(tensor, storage);
    return { name, tensor, type, bytes: tensor.data.length * bytesPerElement.get(type)! };
  });
  items.sort((a, b) => bytesPerElement.get(b.type)! - bytesPerElement.get(a.type)! || (a.name < b.name ? -1 : 1));

  const header: [string, unknown][] = [];
  if (options.metadata?.size) {
    const sorted = [...options.metadata].sort(([a], [b]) => (a < b ? -1 : 1));
    header.push(['__metadata__', Object.fromEntries(sorted)]);
  }
  let offset = 0;
  for (const { name, tensor, type, bytes } of items) {
    header.push([name, { dtype: type, shape: tensor.shape, data_offsets: [offset, offset + bytes] }]);
    offset += bytes;
  }
  // Entry by entry, because an object literal would put names that look like integers first.
  const text = `{${header.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(',')}}`;
  const json = new TextEncoder().encode(text);
  const padded = Math.ceil(json.length / 8) * 8;
  if (padded > headerLimits.bytes)
    throw checkpointError('the header is too long', { file, fix: 'Shorten the metadata.' });

  const out = new Uint8Array(8 + padded + offset);
  new DataView(out.buffer).setUint32(0, padded, true);
  out.fill(0x20, 8, 8 + padded);
  out.set(json, 8);
  let position = 8 + padded;
  for (const { name, tensor, type, bytes } of items) {
    encode(tensor.data, type, new DataView(out.buffer, position, bytes), name, file);
    position += bytes;
  }
  return out;
}

function checkTensor(name: string, { data, shape }: HostArray, file: string): void {
  const fail = (reason: string, fix: string): Error => checkpointError(reason, { file, tensor: name, fix });
  if (!isSafeName(name) || name.length > headerLimits.nameLength) {
    throw fail('the name is not permitted', 'Use letters, digits, dots and dashes.');
  }
  if (shape.length > headerLimits.rank) throw fail(`rank ${shape.length} is too high`, 'Flatten it.');
  const size = shape.reduce((product, axis) => product * axis, 1);
  if (size !== data.length || shape.some((axis) => !Number.isSafeInteger(axis) || axis < 0)) {
    throw fail(`shape [${shape.join(', ')}] does not fit ${data.length} values`, 'Pass the shape of the data.');
  }
}

function storedType({ data }: HostArray, storage: FloatStorage): SafetensorsType {
  if (data instanceof Float32Array) return storage === 'f16' ? 'F16' : storage === 'bf16' ? 'BF16' : 'F32';
  return data instanceof Int32Array ? 'I32' : 'U8';
}

function encode(data: HostArray['data'], type: SafetensorsType, out: DataView, tensor: string, file: string): void {
  if (data instanceof Float32Array) {
    const index = firstNonFinite(data);
    if (index >= 0) {
      throw checkpointError(`element ${index} is ${data[index]}`, {
        file,
        tensor,
        fix: 'Save weights from before the run diverged.',
        details: { index },
      });
    }
    if (type === 'F32') new Float32Array(out.buffer, out.byteOffset, data.length).set(data);
    else encodeShort(data, type, out, tensor, file);
  } else if (type === 'I32') {
    new Int32Array(out.buffer, out.byteOffset, data.length).set(data);
  } else {
    new Uint8Array(out.buffer, out.byteOffset, data.length).set(data);
  }
}

/** Two-byte floats: F16 and BF16. */
function encodeShort(data: Float32Array, type: SafetensorsType, out: DataView, tensor: string, file: string): void {
  const toBits = type === 'F16' ? toHalfBits : toBfloatBits;
  const infinity = type === 'F16' ? 0x7c00 : 0x7f80;
  for (let i = 0; i < data.length; i++) {
    const bits = toBits(data[i]!);
    if ((bits & 0x7fff) === infinity) {
      throw checkpointError(`element ${i}, ${data[i]}, exceeds what ${type} can hold`, {
        file,
        tensor,
        fix: "Store this checkpoint with dtype 'f32'.",
        details: { index: i },
      });
    }
    out.setUint16(2 * i, bits, true);
  }
}
