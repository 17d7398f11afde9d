import { checkpointError, fetchAgain, printable } from '../checkpoint-error.ts';
import { bytesPerElement, isSafetensorsType, type SafetensorsType } from './data-types.ts';
import { findDuplicateKey } from './duplicate-keys.ts';
import { recogniseOtherFormat } from './other-formats.ts';
import { isSafeName } from './safe-names.ts';

/** Where a tensor lies: `start` and `end` count from the first byte of the file. */
export interface TensorEntry {
  readonly name: string;
  readonly type: SafetensorsType;
  readonly shape: readonly number[];
  readonly start: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  /** In the order of their data. */
  readonly entries: readonly TensorEntry[];
  readonly metadata: ReadonlyMap<string, string>;
}

/** What a header may not exceed; the bytes are the format's own limit. */
export const headerLimits = { bytes: 100_000_000, tensors: 1_000_000, rank: 8, nameLength: 1024 } as const;

/**
 * Parses and checks the header of a safetensors file: 8 bytes of little-endian length, then JSON. Throws `GLID_CHECKPOINT` unless the
 * tensors tile the data exactly: no gap, no overlap, no byte beyond the end, every length equal to shape x element size.
 */
export function parseHeader(bytes: Uint8Array, file: string): SafetensorsHeader {
  const { json, dataStart } = readHeaderText(bytes, file);
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch (cause) {
    throw checkpointError('the header is not JSON', { file, fix: fetchAgain, cause });
  }
  if (!isRecord(parsed)) throw checkpointError('the header is not a JSON object', { file, fix: fetchAgain });
  const duplicate = findDuplicateKey(json);
  if (duplicate !== null) {
    throw checkpointError(`the header holds the key '${printable(duplicate)}' twice`, {
      file,
      tensor: duplicate,
      fix: fetchAgain,
    });
  }
  const names = Object.keys(parsed).filter((name) => name !== '__metadata__');
  if (names.length > headerLimits.tensors) {
    const reason = `${names.length} tensors exceed the limit of ${headerLimits.tensors}`;
    throw checkpointError(reason, { file, fix: 'Split the file.' });
  }
  const entries = names.map((name) => parseEntry(name, parsed[name], dataStart, bytes.length, file));
  entries.sort((a, b) => a.start - b.start || a.end - b.end);
  checkTiling(entries, dataStart, bytes.length, file);
  return { entries, metadata: parseMetadata(parsed, file) };
}

function readHeaderText(bytes: Uint8Array, file: string): { json: string; dataStart: number } {
  if (bytes.length < 8) {
    throw checkpointError(`${bytes.length} bytes are too few for a header`, { file, fix: fetchAgain });
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
  if (length > headerLimits.bytes) {
    const other = recogniseOtherFormat(bytes);
    if (other) throw checkpointError(other.what, { file, fix: other.fix });
    throw checkpointError(`a header of ${length} bytes exceeds the limit of ${headerLimits.bytes}`, {
      file,
      fix: fetchAgain,
    });
  }
  if (length < 2 || 8 + length > bytes.length) {
    const reason = `the header claims ${length} bytes, the file has ${bytes.length - 8} after the length`;
    throw checkpointError(reason, { file, fix: fetchAgain });
  }
  try {
    const json = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.subarray(8, 8 + length));
    if (!json.startsWith('{')) throw checkpointError("the header does not begin with '{'", { file, fix: fetchAgain });
    return { json, dataStart: 8 + length };
  } catch (cause) {
    if (cause instanceof TypeError) {
      throw checkpointError('the header is not UTF-8', { file, fix: fetchAgain, cause });
    }
    throw cause;
  }
}

function parseEntry(name: string, value: unknown, dataStart: number, fileBytes: number, file: string): TensorEntry {
  const fail = (reason: string): Error => checkpointError(reason, { file, tensor: name, fix: fetchAgain });
  if (!isSafeName(name) || name.length > headerLimits.nameLength) throw fail('the name is not permitted');
  if (!isRecord(value)) throw fail('its header entry is not an object');
  for (const key of Object.keys(value)) {
    if (key !== 'dtype' && key !== 'shape' && key !== 'data_offsets') throw fail(`unknown field '${printable(key)}'`);
  }
  const { dtype, shape, data_offsets: offsets } = value;
  if (!isSafetensorsType(dtype)) {
    throw fail(`the element type ${typeof dtype === 'string' ? `'${printable(dtype)}'` : 'field'} is not supported`);
  }
  if (!isIntegerList(shape) || shape.length > headerLimits.rank) throw fail('its shape is not a list of sizes');
  if (!isIntegerList(offsets) || offsets.length !== 2) throw fail('its data_offsets are not two byte offsets');
  const [start, end] = offsets as [number, number];
  if (end < start) throw fail(`its data ends (${end}) before it starts (${start})`);
  if (dataStart + end > fileBytes) {
    throw fail(`its data ends at byte ${dataStart + end} of a file of ${fileBytes} bytes`);
  }
  const expected = shape.reduce((product, size) => product * size, bytesPerElement.get(dtype)!);
  if (!Number.isSafeInteger(expected) || expected !== end - start) {
    throw fail(`${dtype} [${shape.join(', ')}] takes ${expected} bytes, the header gives it ${end - start}`);
  }
  return { name, type: dtype, shape: [...shape], start: dataStart + start, end: dataStart + end };
}

function checkTiling(entries: readonly TensorEntry[], dataStart: number, fileBytes: number, file: string): void {
  let position = dataStart;
  for (const { name, start, end } of entries) {
    if (start !== position) {
      const reason =
        start < position
          ? `its data overlaps the tensor before it by ${position - start} bytes`
          : `${start - position} bytes before its data belong to no tensor`;
      throw checkpointError(reason, { file, tensor: name, fix: fetchAgain });
    }
    position = end;
  }
  if (position !== fileBytes) {
    throw checkpointError(`${fileBytes - position} bytes at the end belong to no tensor`, { file, fix: fetchAgain });
  }
}

function parseMetadata(header: Record<string, unknown>, file: string): ReadonlyMap<string, string> {
  const metadata = new Map<string, string>();
  const raw = Object.hasOwn(header, '__metadata__') ? header.__metadata__ : {};
  if (!isRecord(raw)) throw checkpointError('__metadata__ is not an object', { file, fix: fetchAgain });
  for (const [key, value] of Object.entries(raw)) {
    if (typeof value !== 'string') {
      throw checkpointError(`__metadata__ entry '${printable(key)}' is not a string`, { file, fix: fetchAgain });
    }
    metadata.set(key, value);
  }
  return metadata;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isIntegerList(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0 && !Object.is(item, -0));
}
