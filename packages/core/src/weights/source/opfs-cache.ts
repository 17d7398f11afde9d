import type { WeightCache } from './weight-cache.ts';

/** The part of `FileSystemDirectoryHandle` that is used. */
export interface DirectoryHandleLike {
  getDirectoryHandle(name: string, options: { create: boolean }): Promise<DirectoryHandleLike>;
  getFileHandle(name: string, options?: { create: boolean }): Promise<FileHandleLike>;
  removeEntry(name: string): Promise<void>;
}

export interface FileHandleLike {
  getFile(): Promise<{ arrayBuffer(): Promise<ArrayBuffer> }>;
  createWritable(): Promise<{ write(data: Uint8Array<ArrayBuffer>): Promise<void>; close(): Promise<void> }>;
}

/** Files in the origin-private file system. A writable replaces its file when it is closed, so that no torn file is ever seen. */
export function opfsCache(root: () => Promise<DirectoryHandleLike>): WeightCache {
  const folder = async (): Promise<DirectoryHandleLike> =>
    (await root()).getDirectoryHandle('glid-weights', { create: true });
  return {
    location: "origin-private file system, folder 'glid-weights'",
    async get(key) {
      try {
        const handle = await (await folder()).getFileHandle(key);
        const bytes = new Uint8Array(await (await handle.getFile()).arrayBuffer());
        // A handle that was created and never closed with content is an empty file.
        return bytes.length > 0 ? bytes : null;
      } catch (error) {
        if (isNotFound(error)) return null;
        throw error;
      }
    },
    async put(key, bytes) {
      const handle = await (await folder()).getFileHandle(key, { create: true });
      const writable = await handle.createWritable();
      await writable.write(bytes as Uint8Array<ArrayBuffer>);
      await writable.close();
    },
    async delete(key) {
      try {
        await (await folder()).removeEntry(key);
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    },
  };
}

function isNotFound(error: unknown): boolean {
  return (error as { name?: unknown } | null)?.name === 'NotFoundError';
}
