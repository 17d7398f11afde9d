import type { HostArray, SceneRecord, TargetFields, TargetOf } from '@glid/base';
import { makeSample, type Sample } from './sample.ts';

/** Whatever turns a record into targets: every head with `targetsFrom` fits. */
export interface TargetSource<F extends TargetFields = TargetFields> {
  readonly targetFields: F;
  targetsFrom?(record: SceneRecord): Promise<TargetOf<F>>;
}

/** Several sources by key, for example the heads of a multitask run. */
export type TargetSources = { readonly [key: string]: TargetSource };

/** Field names may hold anything but this. */
const separator = '/';

/** Decodes a record's picture and collects the targets of all sources, in original pixels. Groups never mix between sources. */
export async function sampleRecord(record: SceneRecord, sources: TargetSources = {}): Promise<Sample> {
  const fields: Record<string, TargetFields[string]> = {};
  const values: Record<string, HostArray> = {};
  const [image] = await Promise.all([
    record.image(),
    ...Object.entries(sources).map(async ([key, source]) => {
      const targets = await source.targetsFrom?.(record);
      for (const [name, field] of Object.entries(source.targetFields)) {
        const value = targets?.[name];
        if (!value) continue;
        fields[key + separator + name] = scoped(key, field);
        values[key + separator + name] = value;
      }
    }),
  ]);
  const sample = makeSample(image, fields, values, record.id);
  const [object, ...others] = record.objects ?? [];
  return object && others.length === 0 ? { ...sample, focus: object.box } : sample;
}

function scoped(key: string, field: TargetFields[string]): TargetFields[string] {
  if (field.kind === 'map' || field.kind === 'value') return field;
  return { ...field, group: key + separator + (field.group ?? 'instances') };
}

/** Back from flat names to one record of targets a picture and source. */
export function groupTargets(pictures: readonly { readonly [name: string]: HostArray }[]): {
  readonly [source: string]: readonly { readonly [field: string]: HostArray }[];
} {
  const result: Record<string, Record<string, HostArray>[]> = {};
  for (const [b, fields] of pictures.entries()) {
    for (const [name, value] of Object.entries(fields)) {
      const at = name.lastIndexOf(separator);
      const source = at < 0 ? 'targets' : name.slice(0, at);
      result[source] ??= pictures.map(() => ({}));
      result[source][b]![name.slice(at + 1)] = value;
    }
  }
  return result;
}
