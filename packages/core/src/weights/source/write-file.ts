import type { NodeModules } from '../platform/node.ts';

/** Writes a file so that a reader sees the old one or the whole new one: a temporary file beside it, flushed, then renamed. */
export async function writeFileAtomically({ fs }: NodeModules, path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.${globalThis.crypto.randomUUID()}.tmp`;
  try {
    const handle = await fs.open(temporary, 'wx');
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await fs.rename(temporary, path);
  } catch (error) {
    await fs.rm(temporary, { force: true });
    throw error;
  }
}
