import { checkpointError } from '../checkpoint-error.ts';
import { findDuplicateKey } from '../safetensors/duplicate-keys.ts';
import type { FileDigest } from '../sha256.ts';

/** One part of a safetensors file: joined in order, the parts are the file. */
export interface WeightPart extends FileDigest {
  /** A plain file name beside the manifest. */
  readonly name: string;
}

/** The list of a checkpoint's parts with their digests. */
export interface WeightManifest {
  readonly format: 'glid-weights';
  readonly version: 1;
  /** Name of the file that the parts make up. */
  readonly file: string;
  /** Length of that file. */
  readonly bytes: number;
  readonly parts: readonly WeightPart[];
}

const limits = { bytes: 4 * 2 ** 20, parts: 20_000 } as const;
const plainName = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,199}$/;

/** True for names that stay in their folder on every system. */
export function isPlainFileName(name: unknown): name is string {
  return typeof name === 'string' && plainName.test(name) && !name.includes('..');
}

export function encodeManifest(manifest: WeightManifest): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(manifest, null, 2)}\n`);
}

/** Reads and checks a manifest; `GLID_CHECKPOINT` when anything is not as it should be. */
export function decodeManifest(bytes: Uint8Array, file: string): WeightManifest {
  const fail = (reason: string, cause?: unknown): Error =>
    checkpointError(reason, { file, fix: 'Save the weights again, or point to their manifest.', cause });
  if (bytes.length > limits.bytes) throw fail(`a manifest of ${bytes.length} bytes is too long`);
  let text: string;
  let manifest: Partial<WeightManifest> | null;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    manifest = JSON.parse(text) as Partial<WeightManifest> | null;
  } catch (cause) {
    throw fail('the manifest is not JSON', cause);
  }
  if (manifest?.format !== 'glid-weights') throw fail("it is not a manifest of format 'glid-weights'");
  if (manifest.version !== 1) throw fail(`manifest version ${String(manifest.version)} is not known here`);
  if (findDuplicateKey(text) !== null) throw fail('the manifest repeats a key');
  const { parts, bytes: total } = manifest;
  if (!isPlainFileName(manifest.file)) throw fail("'file' is not a plain file name");
  if (!Array.isArray(parts) || parts.length === 0 || parts.length > limits.parts)
    throw fail("'parts' is not a list of parts");
  const names = new Set<string>();
  let sum = 0;
  for (const part of parts as (Partial<WeightPart> | null)[]) {
    if (!isPlainFileName(part?.name)) throw fail('a part has no plain file name');
    if (names.has(part.name)) throw fail(`the part '${part.name}' is listed twice`);
    names.add(part.name);
    if (!Number.isSafeInteger(part.bytes) || part.bytes! < 0) throw fail(`the part '${part.name}' has no length`);
    if (typeof part.sha256 !== 'string' || !/^[0-9a-f]{64}$/.test(part.sha256)) {
      throw fail(`the part '${part.name}' has no SHA-256`);
    }
    sum += part.bytes!;
  }
  if (sum !== total) throw fail(`its parts have ${sum} bytes, the file ${String(total)}`);
  return manifest as WeightManifest;
}
