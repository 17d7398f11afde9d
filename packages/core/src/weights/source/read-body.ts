import { checkpointError } from '../checkpoint-error.ts';
import { throwIfAborted } from '../platform/abort.ts';
import type { ReadOptions } from './weight-source.ts';

/** Reads a response's body with progress; refuses more bytes than were promised before they are kept. */
export async function readBody(response: Response, file: string, options: ReadOptions): Promise<Uint8Array> {
  const { signal, onProgress, expected } = options;
  const total = expected?.bytes ?? contentLength(response);
  const chunks: Uint8Array[] = [];
  let loaded = 0;
  const reader = response.body?.getReader();
  while (reader) {
    throwIfAborted(signal, `Fetching ${file}`);
    const { done, value } = await reader.read();
    if (done) break;
    loaded += value.length;
    if (expected && loaded > expected.bytes) {
      await reader.cancel();
      throw checkpointError(`the server sends more than the ${expected.bytes} bytes of the manifest`, {
        file,
        fix: 'Upload the manifest and its parts together.',
      });
    }
    chunks.push(value);
    onProgress?.(loaded, total);
  }
  const bytes = new Uint8Array(loaded);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/** The body's length, unless the header counts compressed bytes. */
function contentLength({ headers }: Response): number | null {
  const length = Number(headers.get('content-length') ?? Number.NaN);
  return headers.has('content-encoding') || !Number.isSafeInteger(length) || length < 0 ? null : length;
}
