import { GlidError } from '@glid/base';
import type { HostArray } from '@glid/head-kit';
import type { Tensor } from '@tensorflow/tfjs-core';
import { checkpointError } from '../checkpoint-error.ts';
import { nodeModules } from '../platform/node.ts';
import { writeSafetensors } from '../safetensors/write.ts';
import { sha256 } from '../sha256.ts';
import { writeFileAtomically } from '../source/write-file.ts';
import { encodeManifest, isPlainFileName, type WeightManifest, type WeightPart } from './manifest.ts';
import { type CheckpointMetadata, encodeMetadata } from './metadata.ts';

export interface SaveWeightsOptions {
  readonly metadata: CheckpointMetadata;
  /** The files are `<name>.safetensors` (or its parts) and `<name>.json`; `weights` by default. */
  readonly name?: string;
  /** Storage of floats: `f32` (default), or `f16`, half the size, rounded to nearest even; overflow is an error. */
  readonly dtype?: 'f32' | 'f16';
  /** Largest part in bytes, 4 MiB by default; `Infinity` keeps one file. */
  readonly shardBytes?: number;
}

export interface SavedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface SavedWeights {
  readonly manifest: WeightManifest;
  /** The file or its parts, then the manifest. */
  readonly files: readonly SavedFile[];
}

/**
 * Turns parameters into a checkpoint: one safetensors file with backbone, heads, labels and provenance in its header, cut into parts of at
 * most `shardBytes` (joined, they are the file again), and a manifest with the SHA-256 of each. Equal parameters give equal bytes.
 */
export async function saveWeights(
  parameters: Readonly<Record<string, Tensor | HostArray>>,
  options: SaveWeightsOptions,
): Promise<SavedWeights> {
  const name = options.name ?? 'weights';
  const shardBytes = options.shardBytes ?? 4 * 2 ** 20;
  const file = `${name}.safetensors`;
  if (!isPlainFileName(file)) {
    throw new GlidError('GLID_USAGE', `'${name}' cannot be part of a file name.`, {
      fix: 'Use letters, digits and dashes.',
    });
  }
  if (!(shardBytes >= 1024 && (Number.isInteger(shardBytes) || shardBytes === Number.POSITIVE_INFINITY))) {
    throw new GlidError('GLID_USAGE', `Parts of ${shardBytes} bytes are impossible.`, {
      fix: 'Use a whole number, at least 1024.',
    });
  }
  const tensors = new Map<string, HostArray>();
  for (const [key, value] of Object.entries(parameters)) tensors.set(key, await onHost(key, value, file));
  const metadata = encodeMetadata(options.metadata, file);
  const bytes = writeSafetensors(tensors, { storage: options.dtype ?? 'f32', metadata, file });

  const count = Math.max(1, Math.ceil(bytes.length / shardBytes));
  const width = Math.max(5, String(count).length);
  const number = (i: number): string => String(i).padStart(width, '0');
  const files: SavedFile[] = [];
  const parts: WeightPart[] = [];
  for (let i = 0; i < count; i++) {
    const part = count === 1 ? bytes : bytes.subarray(i * shardBytes, (i + 1) * shardBytes);
    const partName = count === 1 ? file : `${file}.part-${number(i + 1)}-of-${number(count)}`;
    files.push({ name: partName, bytes: part });
    parts.push({ name: partName, bytes: part.length, sha256: await sha256(part) });
  }
  const manifest: WeightManifest = { format: 'glid-weights', version: 1, file, bytes: bytes.length, parts };
  files.push({ name: `${name}.json`, bytes: encodeManifest(manifest) });
  return { manifest, files };
}

/** Writes a checkpoint's files into a folder (Node), each by temporary file and rename, the manifest last. */
export async function writeWeights(folder: string, saved: SavedWeights): Promise<void> {
  const node = nodeModules();
  if (!node) {
    throw new GlidError('GLID_USAGE', 'There is no file system here.', { fix: 'Offer the files for download.' });
  }
  try {
    await node.fs.mkdir(folder, { recursive: true });
    for (const { name, bytes } of saved.files) await writeFileAtomically(node, node.path.join(folder, name), bytes);
  } catch (cause) {
    throw new GlidError('GLID_IO', `${folder} cannot be written: ${(cause as Error).message}.`, {
      fix: 'Check the disk and the permissions.',
      cause,
      details: { file: folder },
    });
  }
}

async function onHost(name: string, value: Tensor | HostArray, file: string): Promise<HostArray> {
  if (!('dataId' in value)) return value;
  if (value.dtype === 'string' || value.dtype === 'complex64') {
    throw checkpointError(`${value.dtype} tensors cannot be stored`, { file, tensor: name, fix: 'Leave it out.' });
  }
  return { data: (await value.data()) as HostArray['data'], shape: value.shape };
}
