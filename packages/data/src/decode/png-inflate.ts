import { imageError } from './image-error.ts';

/** Inflates zlib data that must give exactly `length` bytes; stops as soon as it gives more. */
export async function inflateExactly(
  parts: readonly Uint8Array[],
  length: number,
  source: string,
): Promise<Uint8Array> {
  const reader = new Blob(parts as Uint8Array<ArrayBuffer>[])
    .stream()
    .pipeThrough(new DecompressionStream('deflate'))
    .getReader();
  const out = new Uint8Array(length);
  let at = 0;
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    if (at + next.value.length > length) {
      await reader.cancel();
      throw imageError(source, 'The PNG holds more data than its size allows.', 'Replace the file.');
    }
    out.set(next.value, at);
    at += next.value.length;
  }
  if (at !== length) throw imageError(source, 'The PNG holds less data than its size needs.', 'Replace the file.');
  return out;
}
