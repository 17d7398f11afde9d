import type { HostArray } from '@glid/head-kit';
import { checkpointError } from '../checkpoint-error.ts';
import { decodeTensor, type NonFinitePolicy } from './decode.ts';
import { parseHeader, type TensorEntry } from './header.ts';

/** Tensors by name, whatever file they came from. */
export interface TensorFile {
  /** Path, URL or description, for messages. */
  readonly file: string;
  readonly names: readonly string[];
  has(name: string): boolean;
  /** Throws `GLID_CHECKPOINT` for an unknown name. */
  shape(name: string): readonly number[];
  /** Host values, row-major; throws `GLID_CHECKPOINT` for an unknown name or non-finite weights. */
  tensor(name: string): HostArray;
}

/** A parsed safetensors file. Tensors are decoded when they are asked for. */
export interface SafetensorsFile extends TensorFile {
  readonly metadata: ReadonlyMap<string, string>;
  /** Name, element type, shape and byte range of each tensor, in file order. */
  readonly entries: readonly TensorEntry[];
}

export interface ReadSafetensorsOptions {
  /** How messages name the file. */
  readonly file?: string;
  /** `error` (default) refuses NaN and infinities when a float tensor is decoded. */
  readonly nonFinite?: NonFinitePolicy;
}

/**
 * Reads safetensors bytes. The whole header is checked at once, no tensor is decoded yet, and nothing in the file is ever executed.
 * Throws `GLID_CHECKPOINT` for anything that is not a valid file.
 */
export function readSafetensors(bytes: Uint8Array, options: ReadSafetensorsOptions = {}): SafetensorsFile {
  const file = options.file ?? 'safetensors bytes';
  const { entries, metadata } = parseHeader(bytes, file);
  const byName = new Map(entries.map((entry) => [entry.name, entry]));
  const entryOf = (name: string): TensorEntry => {
    const entry = byName.get(name);
    if (entry) return entry;
    throw checkpointError('there is no such tensor', { file, tensor: name, fix: 'Look at `names` for what it holds.' });
  };
  return {
    file,
    entries,
    metadata,
    names: entries.map((entry) => entry.name),
    has: (name) => byName.has(name),
    shape: (name) => entryOf(name).shape,
    tensor: (name) => decodeTensor(bytes, entryOf(name), file, options.nonFinite ?? 'error'),
  };
}
