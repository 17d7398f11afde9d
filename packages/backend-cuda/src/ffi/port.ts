/** u64: a handle or a device address, as a number below 2^53. buffer: memory of a typed array, not copied. */
export type ArgumentType = 'u8' | 'i32' | 'u32' | 'u64' | 'i64' | 'buffer' | 'string' | 'strings';

export type NativeArgument = number | string | null | readonly string[] | ArrayBufferView;

/** A C function that returns an int. */
export type NativeFunction = (...args: NativeArgument[]) => number;

export interface NativeLibrary {
  readonly path: string;
  /** `undefined` if the library has no function of this name. */
  bind(name: string, args: readonly ArgumentType[]): NativeFunction | undefined;
}

/** The few things this package needs of a foreign function interface; koffi's adapter is the only one so far. */
export interface Ffi {
  /** By path, or by a name that the system's loader searches. Throws what the loader says. */
  open(path: string): NativeLibrary;
  /** Address of an array's memory, stable as long as the array is referenced. */
  address(memory: ArrayBuffer | ArrayBufferView): number;
  /** The C string at an address. */
  readString(address: number): string;
}

/** Names of C functions and the types of their arguments. */
export type FunctionTable = Readonly<Record<string, readonly ArgumentType[]>>;
export type Functions<T extends FunctionTable> = { readonly [K in keyof T]: NativeFunction };
