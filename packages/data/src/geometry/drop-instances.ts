import type { HostArray } from '@glid/base';
import { groupOf, type SampleField } from '../sample/sample.ts';

type Fields = { readonly [name: string]: SampleField };

/** Removes the instances of each group whose box or mask has vanished, from every field of that group. */
export function dropVanished(fields: Fields): Fields {
  const kept = new Map<string, Uint8Array>();
  for (const { field, value } of Object.values(fields)) {
    const group = groupOf(field);
    if (group === null || (field.kind !== 'boxes' && field.kind !== 'masks')) continue;
    const keep = kept.get(group) ?? new Uint8Array(value.shape[0]!).fill(1);
    kept.set(group, keep);
    if (field.kind === 'boxes') markBoxes(value, keep);
    else markMasks(value, keep);
  }
  const result: Record<string, SampleField> = {};
  for (const [name, entry] of Object.entries(fields)) {
    const keep = kept.get(groupOf(entry.field) ?? '');
    const all = keep?.every((k) => k === 1) ?? true;
    result[name] = all ? entry : { field: entry.field, value: selectRows(entry.value, keep!) };
  }
  return result;
}

function markBoxes({ data }: HostArray, keep: Uint8Array): void {
  for (let n = 0; n < keep.length; n++) {
    const i = n * 4;
    if (!(data[i + 2]! > data[i]! && data[i + 3]! > data[i + 1]!)) keep[n] = 0;
  }
}

function markMasks({ data }: HostArray, keep: Uint8Array): void {
  const plane = keep.length === 0 ? 0 : data.length / keep.length;
  for (let n = 0; n < keep.length; n++) {
    if (data.subarray(n * plane, (n + 1) * plane).indexOf(1) < 0) keep[n] = 0;
  }
}

function selectRows(value: HostArray, keep: Uint8Array): HostArray {
  const rows = [...keep.keys()].filter((n) => keep[n] === 1);
  const width = value.data.length / keep.length;
  const data = value.data.slice(0, rows.length * width);
  for (const [to, from] of rows.entries()) data.set(value.data.subarray(from * width, (from + 1) * width), to * width);
  return { data, shape: [rows.length, ...value.shape.slice(1)] };
}
