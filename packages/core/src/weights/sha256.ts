import { GlidError } from '@glid/base';
import { checkpointError, fetchAgain } from './checkpoint-error.ts';

/** What a file must be: its length and SHA-256, 64 lower-case hexadecimal digits. */
export interface FileDigest {
  readonly bytes: number;
  readonly sha256: string;
}

/** SHA-256 in hexadecimal, by WebCrypto. */
export async function sha256(bytes: Uint8Array): Promise<string> {
  const subtle = globalThis.crypto?.subtle;
  if (!subtle) {
    throw new GlidError('GLID_IO', 'WebCrypto is not available, so that weights cannot be verified.', {
      fix: 'Serve the page over https or from localhost.',
    });
  }
  const digest = new Uint8Array(await subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Why the bytes are not what was promised, or null. */
export async function findMismatch(bytes: Uint8Array, expected: FileDigest): Promise<string | null> {
  if (bytes.length !== expected.bytes) return `it has ${bytes.length} bytes, the manifest says ${expected.bytes}`;
  const got = await sha256(bytes);
  return got === expected.sha256 ? null : `its SHA-256 is ${got}, the manifest says ${expected.sha256}`;
}

/** Throws `GLID_CHECKPOINT` unless the bytes are what the manifest promises. */
export async function verifyDigest(bytes: Uint8Array, expected: FileDigest, file: string): Promise<void> {
  const mismatch = await findMismatch(bytes, expected);
  if (mismatch !== null) throw checkpointError(mismatch, { file, fix: fetchAgain });
}
