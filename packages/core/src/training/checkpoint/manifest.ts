import { GlidError } from '@glid/base';
import { type FileDigest, findMismatch, sha256 } from '../../weights/sha256.ts';
import type { CheckpointFiles } from './checkpoint-store.ts';

const manifestName = 'manifest.json';
const format = 'glid-training-checkpoint/1';

interface Manifest {
  readonly format: string;
  readonly files: { readonly [name: string]: FileDigest };
}

/** The files with a manifest of their sizes and hashes. */
export async function seal(files: CheckpointFiles): Promise<CheckpointFiles> {
  const table: Record<string, FileDigest> = {};
  for (const [name, bytes] of files) table[name] = { bytes: bytes.length, sha256: await sha256(bytes) };
  const manifest: Manifest = { format, files: table };
  return new Map([...files, [manifestName, new TextEncoder().encode(`${JSON.stringify(manifest, null, 1)}\n`)]]);
}

/**
 * Checks every file against the manifest and returns them without it.
 * @throws GLID_CHECKPOINT naming the file that is missing, too short or changed
 */
export async function verify(files: CheckpointFiles, where: string): Promise<CheckpointFiles> {
  const damaged = (what: string): GlidError =>
    new GlidError('GLID_CHECKPOINT', `Checkpoint ${where} is damaged: ${what}.`, {
      fix: 'Resume from an older checkpoint, or delete this one.',
    });
  const manifest = parse(files.get(manifestName));
  if (manifest === undefined) throw damaged(`${manifestName} is missing or unreadable`);
  if (manifest.format !== format) {
    throw new GlidError('GLID_CHECKPOINT', `Checkpoint ${where} has format '${manifest.format}', not '${format}'.`, {
      fix: 'Use the release of @glid/core that wrote it.',
    });
  }
  const good = new Map<string, Uint8Array>();
  for (const [name, digest] of Object.entries(manifest.files)) {
    const content = files.get(name);
    if (!content) throw damaged(`${name} is missing`);
    const mismatch = await findMismatch(content, digest);
    if (mismatch !== null) throw damaged(`${name}: ${mismatch}`);
    good.set(name, content);
  }
  return good;
}

function parse(bytes: Uint8Array | undefined): Manifest | undefined {
  try {
    const manifest = JSON.parse(new TextDecoder().decode(bytes));
    return typeof manifest?.format === 'string' && typeof manifest.files === 'object' ? manifest : undefined;
  } catch {
    return undefined;
  }
}
