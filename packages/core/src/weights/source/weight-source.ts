import type { FileDigest } from '../sha256.ts';

export interface ReadOptions {
  readonly signal?: AbortSignal | undefined;
  /** Bytes of this file so far, and its size where it is known. */
  readonly onProgress?: ((loaded: number, total: number | null) => void) | undefined;
  /** What the manifest says of the file: lets a source find it in a cache and refuse a longer answer. */
  readonly expected?: FileDigest | undefined;
}

/** Bytes by name: where weights come from. Anything with these three members will do. */
export interface WeightSource {
  /** For messages: a path, a URL, `bytes`. */
  readonly description: string;
  /** The file to begin with: a `.safetensors` file, or a manifest (`.json`) that names its parts. */
  readonly entry: string;
  /** The bytes of a file that lies beside the entry. Throws `GLID_IO` when there is none, `GLID_ABORTED` when told to stop. */
  read(name: string, options?: ReadOptions): Promise<Uint8Array>;
}
