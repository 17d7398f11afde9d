import { bytesPerElement } from '../safetensors/data-types.ts';
import { readSafetensors } from '../safetensors/read.ts';
import { sha256 } from '../sha256.ts';
import type { WeightSource } from '../source/weight-source.ts';
import { type LoadWeightsOptions, readWeightBytes } from './load-weights.ts';
import { type CheckpointMetadata, decodeMetadata } from './metadata.ts';

/** What is in a checkpoint, without its values. */
export interface CheckpointDescription {
  readonly file: string;
  readonly bytes: number;
  /** Of the whole safetensors file. */
  readonly sha256: string;
  readonly parts: number;
  /** Elements of all tensors. */
  readonly elements: number;
  readonly tensors: readonly {
    readonly name: string;
    readonly type: string;
    readonly shape: readonly number[];
    readonly bytes: number;
  }[];
  /** Null for a foreign safetensors file. */
  readonly about: CheckpointMetadata | null;
  /** The strings of the safetensors header. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Reads and verifies a checkpoint and says what it holds: tensors, heads with labels, provenance, digest. */
export async function describeCheckpoint(
  source: WeightSource,
  options: LoadWeightsOptions = {},
): Promise<CheckpointDescription> {
  const { bytes, file, manifest } = await readWeightBytes(source, options);
  const { entries, metadata } = readSafetensors(bytes, { file });
  const tensors = entries.map(({ name, type, shape, start, end }) => ({ name, type, shape, bytes: end - start }));
  return {
    file,
    bytes: bytes.length,
    sha256: await sha256(bytes),
    parts: manifest?.parts.length ?? 1,
    elements: tensors.reduce((sum, { type, bytes: size }) => sum + size / bytesPerElement.get(type)!, 0),
    tensors,
    about: decodeMetadata(metadata, file),
    metadata: Object.fromEntries(metadata),
  };
}

/** The description for people: file, digest, heads and labels, and the tensors by their first name segment. */
export function formatCheckpoint(description: CheckpointDescription): string {
  const { file, bytes, parts, elements, tensors, about } = description;
  const lines = [
    `${file}: ${tensors.length} tensors, ${elements.toLocaleString('en-US')} values, ${bytes.toLocaleString('en-US')} bytes in ${parts} file${parts === 1 ? '' : 's'}`,
    `  sha256 ${description.sha256}`,
  ];
  for (const { key, id, version, labels } of about?.heads ?? []) {
    const names = labels.length > 6 ? [...labels.slice(0, 6), `… ${labels.length} in all`] : labels;
    lines.push(`  head '${key}': ${id} ${version}${labels.length ? `, labels ${names.join(', ')}` : ''}`);
  }
  if (about) lines.push(`  provenance ${JSON.stringify(about.provenance)}`);
  const groups = new Map<string, { count: number; bytes: number }>();
  for (const { name, bytes: size } of tensors) {
    const group = name.split('.')[0]!;
    const { count, bytes: sum } = groups.get(group) ?? { count: 0, bytes: 0 };
    groups.set(group, { count: count + 1, bytes: sum + size });
  }
  for (const [group, { count, bytes: size }] of groups) {
    lines.push(`  ${group}: ${count} tensors, ${size.toLocaleString('en-US')} bytes`);
  }
  return lines.join('\n');
}
