import { dataError } from '@glid/base';
import { readJson } from '../files/read.ts';

/** What a category file says: COCO's list, `{ "categories": … }`, `{ "classes": …, "ignore_index": n }` or plain names. */
export interface CategoryFile {
  /** As they stand in the file; plain names have become `{ id, name }` counted from 0. */
  readonly categories: readonly { readonly id: number; readonly name: string; readonly [field: string]: unknown }[];
  /** Value of pixels that count nowhere. */
  readonly ignore?: number;
}

/** @throws GLID_IO, GLID_DATA */
export async function readCategories(path: string): Promise<CategoryFile> {
  const json = await readJson(path);
  const {
    categories,
    classes,
    ignore_index: ignore,
  } = Array.isArray(json)
    ? { categories: json, classes: undefined, ignore_index: undefined }
    : ((json ?? {}) as { readonly categories?: unknown; readonly classes?: unknown; readonly ignore_index?: unknown });
  const list = categories ?? classes;
  const fail = (what: string): Error =>
    dataError({ source: path, field: 'categories' }, what, 'Give [{ "id": 1, "name": "cat" }, …] or ["cat", …].');
  if (!Array.isArray(list) || list.length === 0) throw fail('There is no list of categories.');
  const entries = list.map((entry: unknown, index) => {
    if (typeof entry === 'string') return { id: index, name: entry };
    const { id, name } = (entry ?? {}) as { readonly id?: unknown; readonly name?: unknown };
    if (!Number.isInteger(id) || typeof name !== 'string') throw fail(`Entry ${index} has no id and name.`);
    return entry as CategoryFile['categories'][number];
  });
  if (new Set(entries.map(({ id }) => id)).size !== entries.length) throw fail('Two categories have the same id.');
  if (ignore !== undefined && !Number.isInteger(ignore)) throw fail('`ignore_index` is no whole number.');
  return { categories: entries, ...(ignore === undefined ? {} : { ignore: ignore as number }) };
}

/** A COCO file with the categories of another one put in. */
export function withCategories(json: unknown, file: CategoryFile | undefined): unknown {
  if (!file || typeof json !== 'object' || json === null || Array.isArray(json)) return json;
  return { ...json, categories: file.categories };
}
