import { GlidError } from '@glid/base';
import { throwIfAborted } from '../platform/abort.ts';
import type { NonFinitePolicy } from '../safetensors/decode.ts';
import { readSafetensors, type SafetensorsFile } from '../safetensors/read.ts';
import { verifyDigest } from '../sha256.ts';
import type { WeightSource } from '../source/weight-source.ts';
import { decodeManifest, type WeightManifest } from './manifest.ts';
import { type CheckpointMetadata, decodeMetadata } from './metadata.ts';

export interface LoadWeightsOptions {
  /** Bytes so far and in all; `total` is null while a server does not tell. The manifest itself is not counted. */
  readonly onProgress?: (loaded: number, total: number | null) => void;
  readonly signal?: AbortSignal;
  /** `error` (default) refuses NaN and infinities when a tensor is decoded. */
  readonly nonFinite?: NonFinitePolicy;
}

/** A checkpoint's tensors and what it says of itself (null: a foreign safetensors file, see `importSwin`). */
export interface Checkpoint extends SafetensorsFile {
  readonly about: CheckpointMetadata | null;
}

/** Parts that are read at the same time. */
const concurrency = 4;

/** Reads a checkpoint: verifies every part against the manifest, joins them, checks the header. Tensors are decoded when asked for. */
export async function loadWeights(source: WeightSource, options: LoadWeightsOptions = {}): Promise<Checkpoint> {
  const { bytes, file } = await readWeightBytes(source, options);
  const tensors = readSafetensors(bytes, { file, ...(options.nonFinite ? { nonFinite: options.nonFinite } : {}) });
  return { ...tensors, about: decodeMetadata(tensors.metadata, file) };
}

/** The verified bytes of a source's safetensors file. */
export async function readWeightBytes(
  source: WeightSource,
  { onProgress, signal }: LoadWeightsOptions,
): Promise<{ readonly bytes: Uint8Array; readonly file: string; readonly manifest: WeightManifest | null }> {
  throwIfAborted(signal, `Loading ${source.description}`);
  const file = source.description;
  if (!source.entry.endsWith('.json')) {
    return { bytes: await source.read(source.entry, { signal, onProgress }), file, manifest: null };
  }
  const manifest = decodeManifest(await source.read(source.entry, { signal }), file);
  return { bytes: await joinParts(source, manifest, onProgress, signal), file, manifest };
}

async function joinParts(
  source: WeightSource,
  manifest: WeightManifest,
  onProgress: LoadWeightsOptions['onProgress'],
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const whole = allocate(manifest.bytes, source.description);
  const starts: number[] = [];
  let at = 0;
  for (const part of manifest.parts) {
    starts.push(at);
    at += part.bytes;
  }
  // One failure stops the others.
  const stop = new AbortController();
  const either = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
  const loaded = new Array<number>(manifest.parts.length).fill(0);
  let sum = 0;
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < manifest.parts.length) {
      const i = next++;
      const part = manifest.parts[i]!;
      const report = (count: number): void => {
        sum += count - loaded[i]!;
        loaded[i] = count;
        onProgress?.(sum, manifest.bytes);
      };
      const bytes = await source.read(part.name, { signal: either, onProgress: report, expected: part });
      await verifyDigest(bytes, part, part.name);
      whole.set(bytes, starts[i]!);
    }
  };
  let failure: { readonly error: unknown } | null = null;
  const workers = Array.from({ length: Math.min(concurrency, manifest.parts.length) }, () =>
    worker().catch((error: unknown) => {
      failure ??= { error };
      stop.abort();
    }),
  );
  await Promise.all(workers);
  if (failure) throw (failure as { readonly error: unknown }).error;
  return whole;
}

function allocate(bytes: number, file: string): Uint8Array {
  try {
    return new Uint8Array(bytes);
  } catch (cause) {
    throw new GlidError('GLID_OUT_OF_MEMORY', `${file} takes ${bytes} bytes, more than this process can hold.`, {
      fix: 'Use a smaller checkpoint or fp16 storage.',
      cause,
    });
  }
}
