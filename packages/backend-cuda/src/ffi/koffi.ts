import { GlidError } from '@glid/base';
import type { ArgumentType, Ffi, NativeFunction } from './port.ts';

const types: Record<ArgumentType, string> = {
  u8: 'uint8_t',
  i32: 'int',
  u32: 'uint32_t',
  u64: 'uint64_t',
  i64: 'int64_t',
  buffer: 'void *',
  string: 'const char *',
  strings: 'const char **',
};

let loading: Promise<Ffi> | undefined;

/** The adapter for koffi, loaded once. Throws `GLID_BACKEND_UNAVAILABLE` where koffi is not installed. */
export function loadKoffi(): Promise<Ffi> {
  loading ??= load().catch((error) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

async function load(): Promise<Ffi> {
  const koffi = await import('koffi').then(
    (module) => module.default,
    (cause) => {
      throw new GlidError(
        'GLID_BACKEND_UNAVAILABLE',
        "The package 'koffi', which calls the CUDA libraries, is missing.",
        {
          fix: 'npm install koffi@3.3.4',
          cause,
        },
      );
    },
  );
  try {
    // NVRTC needs a deep stack, and koffi calls C on one of its own.
    koffi.config({ sync_stack_size: 16 << 20 });
  } catch {
    // Another package has loaded a library first; koffi's default of 2 MiB has been enough.
  }
  return {
    open(path) {
      const library = koffi.load(path);
      return {
        path,
        bind(name, args) {
          try {
            const bound = library.func(
              name,
              'int',
              args.map((type) => types[type]),
            );
            return bound as unknown as NativeFunction;
          } catch {
            return undefined;
          }
        },
      };
    },
    address: (memory) => Number(koffi.address(memory)),
    readString: (address) => koffi.decode.string(BigInt(address)) as string,
  };
}
