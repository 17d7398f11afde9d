import { GlidError } from '@glid/base';
import { throwIfAborted } from '../platform/abort.ts';
import type { WeightSource } from './weight-source.ts';

/** Weights in memory: the bytes of one safetensors file, or a manifest and its parts by file name. */
export function fromBytes(bytes: Uint8Array | ArrayBuffer | ReadonlyMap<string, Uint8Array>): WeightSource {
  const files =
    bytes instanceof Map
      ? (bytes as ReadonlyMap<string, Uint8Array>)
      : new Map([['bytes', bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes as ArrayBuffer)]]);
  const names = [...files.keys()];
  const entry = names.find((name) => name.endsWith('.json')) ?? names[0];
  if (entry === undefined) {
    throw new GlidError('GLID_USAGE', 'There are no files to read weights from.', { fix: 'Pass at least one file.' });
  }
  return {
    description: 'bytes in memory',
    entry,
    async read(name, options = {}) {
      throwIfAborted(options.signal, 'Loading weights');
      const file = files.get(name);
      if (!file) {
        throw new GlidError('GLID_IO', `There is no file '${name}' among the bytes in memory.`, {
          fix: `Pass it beside ${names.join(', ')}.`,
          details: { file: name },
        });
      }
      options.onProgress?.(file.length, file.length);
      return file;
    },
  };
}
