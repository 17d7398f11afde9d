import { GlidError } from '@glid/base';
import type { Functions, FunctionTable, NativeFunction, NativeLibrary } from './port.ts';

/** All functions of a table. Throws `GLID_BACKEND_UNAVAILABLE` with the names that the library lacks. */
export function bindTable<T extends FunctionTable>(library: NativeLibrary, table: T): Functions<T> {
  const bound: Record<string, NativeFunction> = {};
  const missing: string[] = [];
  for (const [name, args] of Object.entries(table)) {
    const native = library.bind(name, args);
    if (native === undefined) missing.push(name);
    else bound[name] = native;
  }
  if (missing.length > 0) {
    throw new GlidError('GLID_BACKEND_UNAVAILABLE', `${library.path} lacks ${missing.join(', ')}.`, {
      fix: 'Update the NVIDIA driver and the CUDA libraries to version 12 or later.',
      details: { library: library.path, missing },
    });
  }
  return bound as Functions<T>;
}
