import type { Json } from '@glid/head-kit';
import { checkpointError } from '../checkpoint-error.ts';
import { isSafeName } from '../safetensors/safe-names.ts';

/** A head whose parameters a checkpoint holds. Together with the backbone's configuration it says how to build the model again. */
export interface CheckpointHead {
  /** The key under which the model knows it: parameters are `heads.<key>.…`. */
  readonly key: string;
  /** npm package of the head. */
  readonly id: string;
  /** Version of the head that wrote the parameters. */
  readonly version: string;
  readonly config: Json;
  /** Class names in the order of the class axes. */
  readonly labels: readonly string[];
}

/** What a checkpoint says of itself. */
export interface CheckpointMetadata {
  /** Configuration of encoder, neck and decoder. */
  readonly backbone: Json;
  readonly heads: readonly CheckpointHead[];
  /** Where the weights come from: data set, steps, seed, licence, versions, … */
  readonly provenance: Json;
}

const format = 'glid';
const formatVersion = 1;
const semver = /^\d{1,6}\.\d{1,6}\.\d{1,6}(?:[-+][0-9A-Za-z.+-]{1,40})?$/;
const packageName = /^(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/;

/** Metadata as the string map that a safetensors header can hold (`writeSafetensors`'s `metadata`). */
export function encodeMetadata(metadata: CheckpointMetadata, file = 'checkpoint'): ReadonlyMap<string, string> {
  checkHeads(metadata.heads, file);
  return new Map([
    ['format', format],
    ['formatVersion', String(formatVersion)],
    ['backbone', JSON.stringify(sorted(metadata.backbone))],
    ['heads', JSON.stringify(metadata.heads.map((head) => sorted(head as unknown as Json)))],
    ['provenance', JSON.stringify(sorted(metadata.provenance))],
  ]);
}

/** The metadata of a file of ours; null for anybody else's safetensors file. Throws `GLID_CHECKPOINT` when it is malformed. */
export function decodeMetadata(strings: ReadonlyMap<string, string>, file = 'checkpoint'): CheckpointMetadata | null {
  if (strings.get('format') !== format) return null;
  const version = Number(strings.get('formatVersion'));
  if (version !== formatVersion) {
    throw checkpointError(
      `its format version is ${strings.get('formatVersion')}, this release reads ${formatVersion}`,
      {
        file,
        fix: 'Update @glid/core.',
      },
    );
  }
  const read = (key: string): Json => {
    try {
      return JSON.parse(strings.get(key) ?? 'null') as Json;
    } catch (cause) {
      throw checkpointError(`its metadata '${key}' is not JSON`, { file, fix: 'Export the checkpoint again.', cause });
    }
  };
  const heads = read('heads');
  checkHeads(heads, file);
  return { backbone: read('backbone'), heads, provenance: read('provenance') };
}

function checkHeads(heads: unknown, file: string): asserts heads is readonly CheckpointHead[] {
  const fail = (reason: string): Error =>
    checkpointError(reason, {
      file,
      fix: 'Give each head key, id, version, config and labels.',
      details: { field: 'heads' },
    });
  if (!Array.isArray(heads)) throw fail("its metadata 'heads' is not a list");
  const keys = new Set<string>();
  for (const [i, head] of heads.entries() as Iterable<[number, Partial<CheckpointHead> | null]>) {
    const { key, id, version, config, labels } = head ?? {};
    if (typeof key !== 'string' || !isSafeName(key) || key.includes('.')) throw fail(`head ${i} has no valid key`);
    if (keys.has(key)) throw fail(`two heads have the key '${key}'`);
    keys.add(key);
    // The id is shown as something to install: nothing but a package name may pass.
    if (typeof id !== 'string' || id.length > 214 || !packageName.test(id)) throw fail(`head '${key}' has no valid id`);
    if (typeof version !== 'string' || !semver.test(version)) throw fail(`head '${key}' has no version`);
    if (config === undefined) throw fail(`head '${key}' has no config`);
    if (!Array.isArray(labels) || labels.some((label) => typeof label !== 'string')) {
      throw fail(`head '${key}' has no list of label names`);
    }
    if (new Set(labels).size !== labels.length) throw fail(`head '${key}' has a label twice`);
  }
}

/** The same value with the keys of every object in order, so that equal metadata is written as equal bytes. */
function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value as { readonly [key: string]: Json }).filter(([, item]) => item !== undefined);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, item]) => [key, sorted(item)]));
}
